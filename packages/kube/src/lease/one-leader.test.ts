import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { leaders, stand } from '../testing/candidate.ts';
import type { Candidate } from '../testing/candidate.ts';
import { settled } from '../testing/manual-clock.ts';
import { MemoryClient } from '../testing/memory-client.ts';

test('whatever is cut off, stands still or dies, never two lead at once, and one leads in the end', async () => {
  const trouble = fc.record({
    who: fc.nat(2),
    what: fc.constantFrom('cut', 'join', 'pause', 'pass', 'pass'),
    ms: fc.integer({ min: 1, max: 40 }).map((half) => half * 500),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { minLength: 1, maxLength: 25 }), async (troubles) => {
      const server = new MemoryClient();
      let born = 0;
      const candidates = [0, 1, 2].map(() =>
        stand(server, `c${(born += 1)}`, { wall: `20${10 + born}-01-01T00:00:00Z` }),
      );
      const frozen = new Map<Candidate, number>();
      let most = 0;
      const tick = async (ms: number) => {
        for (let passed = 0; passed < ms; passed += 500) {
          for (const [at, candidate] of candidates.entries()) {
            const left = frozen.get(candidate) ?? 0;
            if (left > 0) candidate.clock.pause(500);
            else candidate.clock.advance(500);
            frozen.set(candidate, left - 500);
            if (candidate.terms.ended > 0) candidates[at] = stand(server, `c${(born += 1)}`);
          }
          await settled();
          // A process that stands still can do nothing; what counts is what it would believe on waking.
          most = Math.max(most, leaders(candidates).length);
        }
      };
      for (const { who, what, ms } of troubles) {
        const candidate = candidates[who]!;
        if (what === 'cut') candidate.connection.up = false;
        if (what === 'join') candidate.connection.up = true;
        if (what === 'pause') frozen.set(candidate, ms);
        await tick(what === 'pass' ? ms : 500);
      }
      for (const candidate of candidates) {
        candidate.connection.up = true;
        frozen.delete(candidate);
      }
      await tick(40_000);
      expect(most).toBe(1);
      expect(leaders(candidates)).toHaveLength(1);
      await Promise.all(candidates.map((candidate) => candidate.stop()));
    }),
    { numRuns: 25 },
  );
});
