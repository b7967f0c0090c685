import type { Plan } from '@kaito/planner';
import { expect, test } from 'vitest';
import { styleFor } from '../terminal/style.ts';
import { planText } from './plan-text.ts';

const GiB = 1024 ** 3;

const planned = (over: Partial<Plan> = {}): Plan => ({
  workspace: { name: 'w', namespace: 'default' },
  target: 'cluster',
  admitted: true,
  findings: [],
  alternatives: [],
  phases: [{ phase: 'NodesReady', seconds: 410, basis: 'measured' }],
  decisions: [{ about: 'context', choice: '2048 tokens', because: 'it fits' }],
  inputsHash: '0',
  placement: {
    instanceType: 'Standard_X',
    machinesWanted: 2,
    nodeSelector: {},
    preferredNodes: [],
    tolerations: [],
    diskGiB: 50,
  },
  pricePerHour: { amount: 4.352, currency: 'USD', per: 'hour', region: 'r', provenance: { source: 's' } },
  memory: {
    device: 'gpu',
    weightsBytes: 13.5 * GiB,
    kvCacheBytes: 0.25 * GiB,
    overheadBytes: GiB,
    requiredBytes: 14.75 * GiB,
    usableBytes: 14.5 * GiB,
    headroomBytes: -0.25 * GiB,
    fits: false,
    explanation: ['Weights: so many.'],
  },
  ...over,
});

test('a Plan that is admitted: choices, account, phases, reasons', () => {
  expect(planText(planned(), styleFor(false))).toBe(`w would run on a cluster
Machines:  up to 2 × Standard_X
Disk:      50 GiB
Price:     4.35 USD/h

Memory
  weights             13.5 GiB
  + KV cache         256.0 MiB
  + overhead           1.0 GiB
  = required          14.8 GiB
  usable, one GPU     14.5 GiB
  headroom          -256.0 MiB   doesn't fit
  Weights: so many.

Phases
  PHASE        ABOUT   BECAUSE
  NodesReady   6m50s   measured

Why
  context: 2048 tokens – it fits
`);
});

test('a Plan that is refused says why before everything else, and what would work', () => {
  const text = planText(
    planned({
      target: 'local',
      admitted: false,
      findings: [{ code: 'No', severity: 'error', message: 'It cannot.', remedy: 'Do that.' }],
      alternatives: [{ kind: 'model', name: 'small', reason: 'it is small' }],
    }),
    styleFor(false),
  );
  expect(text).toMatch(
    /^w is refused on this machine\n[^]*error: It cannot\. \[No\]\n {2}fix Do that\.\n[^]*Memory[^]*What would work\n/,
  );
  expect(text).not.toContain('Phases');
  expect(text).not.toContain('Price');
});
