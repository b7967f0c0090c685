import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageOf } from './pages.ts';

test('pages together are the whole list, each once', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 7 }), (all, size) => {
      const seen: string[] = [];
      let url: URL | undefined = new URL(`https://registry/v2/_catalog?n=${size}`);
      while (url !== undefined) {
        const { items, next }: ReturnType<typeof pageOf<string>> = pageOf(all, (name) => name, url);
        expect(items.length).toBeLessThanOrEqual(size);
        seen.push(...items);
        url = next === undefined ? undefined : new URL(next, url);
      }
      expect(seen).toEqual(all);
    }),
  );
});

test.each(['0', '-1', 'x', '1e3', ''])('n=%s is refused', (n) => {
  expect(() => pageOf([], String, new URL(`https://registry/?n=${n}`))).toThrow(
    expect.objectContaining({ status: 400 }),
  );
});
