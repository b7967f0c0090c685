import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backoff } from './backoff.ts';

test('waits stay between 0.8 and 30 s and start again after two good minutes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 1, maxLength: 20 }),
      (randoms) => {
        let at = 0;
        const backoff = new Backoff(() => randoms[at++ % randoms.length]!);
        for (let step = 0; step < 20; step += 1) {
          const wait = backoff.next();
          expect(wait).toBeGreaterThanOrEqual(800);
          expect(wait).toBeLessThanOrEqual(30_000);
        }
        backoff.wentWell(119_999);
        expect(backoff.next()).toBeGreaterThanOrEqual(15_000);
        backoff.wentWell(120_000);
        expect(backoff.next()).toBeLessThanOrEqual(1_600);
      },
    ),
  );
});
