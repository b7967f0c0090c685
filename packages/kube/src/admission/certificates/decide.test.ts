import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { backdateMs, decide, isUsable } from './decide.ts';
import type { Lifetimes } from './decide.ts';
import { issueAuthority, issueLeaf } from './issue.ts';
import { datedPair, nothingStored } from './stored.ts';
import type { Stored } from './stored.ts';

const names = ['webhook.kaito.svc'];
const day = 86_400_000;
let authorities: ReturnType<typeof datedPair>[];
let leaves: ReturnType<typeof datedPair>[];

beforeAll(async () => {
  const from = new Date('2026-01-01T00:00:00Z');
  const to = new Date('2027-01-01T00:00:00Z');
  const pair = await issueAuthority('test', from, to);
  authorities = [datedPair(pair), datedPair(await issueAuthority('other', from, to))];
  const request = { ipAddresses: [], notBefore: from, notAfter: to };
  leaves = [
    datedPair(await issueLeaf(pair, { ...request, dnsNames: names })),
    datedPair(await issueLeaf(pair, { ...request, dnsNames: ['elsewhere.kaito.svc'] })),
  ];
});

function at(
  pair: ReturnType<typeof datedPair>,
  { begins, days }: { readonly begins: number; readonly days: number },
  pem: string = pair.pem,
): ReturnType<typeof datedPair> {
  return { ...pair, pem, notBefore: begins * day, notAfter: (begins + days) * day };
}

/** Certificates as they would be with other times. */
const stored = fc
  .record({
    authorities: fc.array(
      fc.record({
        of: fc.constantFrom(0, 1),
        begins: fc.integer({ min: -800, max: 10 }),
        days: fc.integer({ min: 1, max: 400 }),
      }),
      { maxLength: 3 },
    ),
    hasKey: fc.boolean(),
    leaf: fc.option(
      fc.record({
        of: fc.constantFrom(0, 1),
        begins: fc.integer({ min: -100, max: 10 }),
        days: fc.integer({ min: 1, max: 90 }),
      }),
    ),
  })
  .map(({ authorities: list, hasKey, leaf }): Stored => {
    const all = list
      .map((each, index) => at(authorities[each.of]!, each, `${index}`))
      .toSorted((a, b) => b.notBefore - a.notBefore);
    return {
      authorities: all,
      signer: hasKey ? all[0] : undefined,
      leaf: leaf === null || all.length === 0 ? undefined : at(leaves[leaf.of]!, leaf),
    };
  });

const lifetimes = fc.record<Lifetimes>({
  authorityMs: fc.integer({ min: 100, max: 4_000 }).map((days) => days * day),
  leafMs: fc.integer({ min: 1, max: 90 }).map((days) => days * day),
  // With none, a new authority signs in the next step: then the end is one step later.
  settleMs: fc.integer({ min: 1, max: day }),
});

const twoThirds = ({ notBefore, notAfter }: { notBefore: number; notAfter: number }) =>
  notBefore + ((notAfter - notBefore) * 2) / 3;

test('what is decided makes usable certificates, disturbs none that is good, and ends', () => {
  fc.assert(
    fc.property(stored, lifetimes, fc.integer({ min: -5, max: 5 }), (before, times, offset) => {
      const now = offset * day;
      const decision = decide(before, names, now, times);
      const usable = isUsable(before.leaf, names, now);
      // No moment without a certificate to serve.
      expect(decision.leaf || usable).toBe(true);
      // Nobody who is trusted and not at its end is dropped.
      expect(decision.kept).toEqual(before.authorities.filter((each) => each.notBefore <= now && now < each.notAfter));
      // A good certificate is replaced only by an authority that clients know already.
      if (decision.leaf && usable) {
        expect(decision.authority).toBe(false);
        expect(now).toBeGreaterThanOrEqual(before.signer!.notBefore + backdateMs + times.settleMs);
        expect(now).toBeGreaterThanOrEqual(twoThirds(before.leaf!));
      }
      if (!decision.authority && !decision.leaf) {
        expect(decision.lookAgainAt).toBeGreaterThan(now);
        expect(decision.lookAgainAt).toBeLessThanOrEqual(twoThirds(before.signer!));
        return;
      }
      const made = { notBefore: now - backdateMs, pem: 'new' };
      const signer = decision.authority
        ? { ...authorities[0]!, ...made, notAfter: now + times.authorityMs }
        : before.signer!;
      const after: Stored = {
        authorities: decision.authority ? [signer, ...decision.kept] : decision.kept,
        signer,
        leaf: decision.leaf
          ? { ...leaves[0]!, ...made, notAfter: Math.min(now + times.leafMs, signer.notAfter) }
          : before.leaf,
      };
      const next = decide(after, names, now, times);
      expect([next.authority, next.leaf]).toEqual([false, false]);
      expect(next.lookAgainAt).toBeGreaterThan(now);
    }),
    { numRuns: 500 },
  );
});

test('everything is made where nothing is', () => {
  expect(decide(nothingStored, names, 0, { authorityMs: day, leafMs: day, settleMs: 0 })).toMatchObject({
    authority: true,
    leaf: true,
    kept: [],
  });
});
