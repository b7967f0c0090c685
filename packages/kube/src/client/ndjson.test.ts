import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineDecoder } from './ndjson.ts';

test('lines come out whole wherever the bytes are cut, inside characters too', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))),
      fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ')),
      fc.array(fc.nat({ max: 40 }), { minLength: 1 }),
      (lines, rest, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join('') + rest);
        const decoder = new LineDecoder();
        const seen: string[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const length = Math.max(1, cuts[turn % cuts.length]!);
          seen.push(...decoder.push(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(seen).toEqual(lines);
        expect(decoder.end()).toEqual(rest === '' ? undefined : rest);
      },
    ),
  );
});
