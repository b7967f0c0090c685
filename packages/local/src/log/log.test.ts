import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rotateLog } from './rotate.ts';
import { LineReader, offsetOfLastLines } from './tail.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kaito-log-'));
  file = join(directory, 'server.log');
});
afterEach(() => rm(directory, { recursive: true }));

test('lines come once, whole, and from the start again after the file was cut', async () => {
  const reader = new LineReader(file);
  expect(await reader.read()).toEqual([]);
  await writeFile(file, 'one\r\ntwo\nth');
  expect(await reader.read()).toEqual(['one', 'two']);
  await appendFile(file, 'ree\n');
  expect(await reader.read()).toEqual(['three']);
  await writeFile(file, 'x\n');
  expect(await reader.read()).toEqual(['x']);
});

test('however the text is cut into writes, the lines are the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }), async (pieces) => {
      await writeFile(file, '');
      const reader = new LineReader(file);
      const lines: string[] = [];
      for (const piece of pieces.map((text) => text.replaceAll('\r', '').replaceAll('q', '\n'))) {
        await appendFile(file, piece);
        lines.push(...(await reader.read()));
      }
      const whole = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
      expect(lines).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['a\nb\nc\n', 2, 'b\nc\n'],
  ['a\nb\nc', 2, 'b\nc'],
  ['a\nb\n', 9, 'a\nb\n'],
  ['a\n\n\n', 1, '\n'],
  ['a\n', 0, ''],
  ['', 3, ''],
])('of %j the last %i lines are %j', async (text, count, expected) => {
  await writeFile(file, text);
  expect(text.slice(await offsetOfLastLines(file, count))).toBe(expected);
});

test('a missing file has no last lines', async () => {
  expect(await offsetOfLastLines(file, 3)).toBe(0);
});

test('a log is cut only beyond the limit, and the one before is kept', async () => {
  await writeFile(file, '12345');
  expect(await rotateLog(file, 5)).toBe(false);
  await appendFile(file, '6');
  expect(await rotateLog(file, 5)).toBe(true);
  expect((await stat(file)).size).toBe(0);
  expect(await readFile(`${file}.1`, 'utf8')).toBe('123456');
  expect(await rotateLog(join(directory, 'none'), 5)).toBe(false);
});
