import type { Live } from '@kaito/kube';
import type { NodeClaim } from '@kaito/api';
import { expect, test } from 'vitest';
import { nodeClaim } from '../../../testing/claims.ts';
import { aksNode, readyCondition } from '../../../testing/nodes.ts';
import { decide, type Machine } from './decide.ts';

const now = new Date('2026-01-01T01:00:00Z');
const limitMs = 600_000;

function machine(at: number, notReadyMinutes?: number): Machine {
  const name = `ws${at}`;
  const claim: Live<NodeClaim> = {
    ...nodeClaim({ name }),
    status: {
      conditions: [
        {
          type: 'Initialized',
          status: 'True',
          reason: 'Initialized',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  };
  const node = aksNode({ id: '', name, properties: {} });
  const since = new Date(now.getTime() - (notReadyMinutes ?? 0) * 60_000).toISOString();
  return { claim, node: { ...node, status: { conditions: [readyCondition(notReadyMinutes === undefined, since)] } } };
}
const fleet = (size: number, unhealthy: readonly number[]) => [
  ...unhealthy.map((minutes, at) => machine(at, minutes)),
  ...Array.from({ length: size - unhealthy.length }, (_, at) => machine(100 + at)),
];

test.each([
  [1, [10], 'replace'],
  [1, [9], 'wait'],
  [2, [10], 'replace'],
  [2, [10, 1], 'blocked'],
  [9, [10, 10], 'blocked'],
  [10, [10, 10], 'replace'],
  [10, [10, 10, 1], 'blocked'],
  [20, [30, 20, 10, 1], 'replace'],
  [20, [30, 20, 10, 1, 1], 'blocked'],
])('W14: of %d machines, %j min not Ready each: %s', (size, minutes, decision) => {
  const all = fleet(size, minutes);
  expect(decide(all[0]!, all, limitMs, now).decision).toBe(decision);
});

test('a machine that is Ready, or has never been, is not replaced', () => {
  const fine = machine(0);
  expect(decide(fine, [fine], limitMs, now)).toEqual({ decision: 'healthy' });
  const { status: _, ...claim } = machine(1, 30).claim;
  const young = { claim: claim as Live<NodeClaim>, node: machine(1, 30).node };
  expect(decide(young, [young], limitMs, now)).toEqual({ decision: 'healthy' });
});

test('one that is not Ready for less is looked at when its time is up', () => {
  const soon = machine(0, 4);
  expect(decide(soon, [soon], limitMs, now)).toEqual({ decision: 'wait', ms: 360_000 });
});
