import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { assess } from './assess.ts';
import { brief, listed } from './brevity.ts';
import type { ContainerEvidence, Evidence, NodesEvidence, PodEvidence, WorkloadEvidence } from './evidence.ts';
import { lastWords, printedFault } from './policies/cluster/words.ts';
import { ago, aPlan, aWorkspace, now } from './testing/factories.ts';

const text = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'CUDA out of memory',
    '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.',
    'Back-off pulling image "a/b:1"',
    '401 Unauthorized',
    'secret "x" not found',
    '{"code":"X","message":"y"}',
    'exceeded quota',
  ),
);
const time = fc.oneof(fc.integer({ min: -10, max: 5000 }).map(ago), fc.constant('no time'));
const container = fc.record(
  {
    name: fc.constantFrom('demo', 'weights', 'adapter-0'),
    init: fc.boolean(),
    image: fc.oneof(fc.string(), fc.constant('contoso.azurecr.io/a/b:1')),
    state: fc.constantFrom('waiting', 'running', 'terminated'),
    ready: fc.boolean(),
    restarts: fc.nat(9),
    reason: fc.constantFrom(
      'ErrImagePull',
      'ImagePullBackOff',
      'CrashLoopBackOff',
      'CreateContainerConfigError',
      'OOMKilled',
      'ContainerCreating',
      '',
    ),
    message: text,
    startedAt: time,
    finishedAt: time,
    exitCode: fc.nat(255),
    lastTermination: fc.record({ exitCode: fc.nat(255), reason: text, message: text }),
  },
  { requiredKeys: ['name', 'init', 'image', 'state', 'ready', 'restarts'] },
) as fc.Arbitrary<ContainerEvidence>;
const pod = fc.record(
  {
    name: fc.constantFrom('demo-0', 'demo-1'),
    phase: fc.constantFrom('Pending', 'Running', 'Failed', 'Succeeded', 'Unknown'),
    createdAt: time,
    ready: fc.boolean(),
    deleting: fc.boolean(),
    current: fc.boolean(),
    deleteBy: time,
    node: fc.constantFrom('n1', 'n2'),
    scheduledAt: time,
    unschedulable: text,
    reason: fc.constantFrom('Evicted', 'NodeLost', 'OutOfcpu', 'UnexpectedAdmissionError', 'x'),
    message: text,
    containers: fc.array(container, { maxLength: 3 }),
    warnings: fc.array(fc.record({ reason: fc.constantFrom('FailedMount', 'Unhealthy', 'x'), message: text }), {
      maxLength: 2,
    }),
  },
  { requiredKeys: ['name', 'phase', 'createdAt', 'ready', 'deleting', 'containers'] },
) as fc.Arbitrary<PodEvidence>;
const workload = fc.record(
  {
    kind: fc.constantFrom('Deployment', 'StatefulSet'),
    name: fc.constant('demo'),
    createdAt: time,
    wantedReplicas: fc.nat(2),
    readyReplicas: fc.nat(2),
    updatedReplicas: fc.nat(2),
    replicas: fc.nat(3),
    observed: fc.boolean(),
    replicaFailure: text,
  },
  { requiredKeys: ['kind', 'name', 'wantedReplicas', 'readyReplicas', 'updatedReplicas', 'observed'] },
) as fc.Arbitrary<WorkloadEvidence>;
const nodes = fc.record(
  {
    wanted: fc.nat(2),
    ready: fc.subarray(['n1', 'n2']),
    withoutPlugin: fc.subarray(['n1', 'n2']),
    underPressure: fc.constantFrom([], [{ name: 'n1', pressures: ['DiskPressure'] }]),
    troubles: fc.array(
      fc.record({
        name: fc.constantFrom('n1', 'n2'),
        kind: fc.constantFrom('NotReady', 'Cordoned', 'Leaving'),
        since: time,
        message: text,
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ['wanted', 'ready'] },
) as fc.Arbitrary<NodesEvidence>;
const claim = fc.record({
  name: fc.constant('ws012345678'),
  createdAt: time,
  conditions: fc.array(
    fc.record({
      type: fc.constantFrom('Launched', 'Registered', 'Initialized'),
      status: fc.constantFrom('True', 'False', 'Unknown'),
      reason: fc.constantFrom('LaunchFailed', 'QuotaExceeded', 'AwaitingReconciliation', ''),
      message: text,
      lastTransitionTime: time,
    }),
    { maxLength: 3 },
  ),
});
const anyEvidence = fc.record(
  {
    phases: fc.array(
      fc.record(
        {
          phase: fc.constantFrom('NodesReady', 'ImagePulled', 'WeightsReady', 'ModelLoaded', 'Serving'),
          startedAt: time,
          endedAt: time,
        },
        { requiredKeys: ['phase'] },
      ),
      { maxLength: 5 },
    ),
    nodes,
    nodeClaims: fc.array(claim, { maxLength: 2 }),
    nodeClaimsInstalled: fc.boolean(),
    pods: fc.array(pod, { maxLength: 3 }),
    workload,
    serviceEndpoint: fc.constant('http://demo.team.svc'),
    faults: fc.array(
      fc.record({ code: fc.constant('F'), message: text, kind: fc.constantFrom('terminal', 'transient') }),
      { maxLength: 2 },
    ),
    update: fc.record({ difference: fc.array(text, { maxLength: 2 }), downtimeSeconds: fc.nat() }),
    managedElsewhere: fc.constant('another'),
    deletionWaitsFor: fc.array(fc.constant('NodeClaim ws012345678'), { maxLength: 2 }),
    deleting: fc.boolean(),
  },
  { requiredKeys: ['phases'] },
) as unknown as fc.Arbitrary<Evidence>;
const plan = aPlan({ target: 'cluster' });

test('whatever was seen: one root cause exactly when it is not Ready, a remedy for a person, and text that fits', () => {
  fc.assert(
    fc.property(anyEvidence, fc.boolean(), (evidence, admitted) => {
      const { state, rootCause, endpoint, conditions, phases } = assess(
        aWorkspace(),
        { ...plan, admitted },
        evidence,
        now,
      );
      const ready = state === 'Ready';
      expect(rootCause === undefined).toBe(ready);
      if (!ready) expect(endpoint).toBeUndefined();
      if (rootCause?.needs === 'person') expect(rootCause.remedy).toBeTruthy();
      expect(rootCause?.message).not.toBe('');
      expect(rootCause?.message.length ?? 0).toBeLessThanOrEqual(256);
      expect(phases.find(({ name }) => name === 'Serving')?.state === 'done').toBe(ready);
      for (const condition of conditions) expect(condition.reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
    }),
    { numRuns: 2000 },
  );
});

test('whatever was seen: the words stay the same until it is to be looked at again', () => {
  fc.assert(
    fc.property(anyEvidence, fc.double({ min: 0, max: 1, noNaN: true }), (evidence, part) => {
      const first = assess(aWorkspace(), plan, evidence, now);
      const wait = (first.lookAgainAfterMs ?? 86_400_000) * part;
      const then = new Date(now.getTime() + Math.max(0, Math.min(wait, (first.lookAgainAfterMs ?? wait + 1) - 1)));
      const later = assess(aWorkspace(), plan, evidence, then, first.conditions);
      expect(later.rootCause).toEqual(first.rootCause);
      expect(later.conditions).toEqual(first.conditions);
      const lasting = ({ name, state, startedAt, expectedSeconds, detail }: (typeof first.phases)[number]) => ({
        name,
        state,
        startedAt,
        expectedSeconds,
        detail,
      });
      expect(later.phases.map(lasting)).toEqual(first.phases.map(lasting));
    }),
    { numRuns: 2000 },
  );
});

test('a cluster serves when all replicas that are wanted are ready and of the newest template', () => {
  const all: WorkloadEvidence = {
    kind: 'StatefulSet',
    name: 'demo',
    wantedReplicas: 2,
    readyReplicas: 2,
    updatedReplicas: 2,
    replicas: 2,
    observed: true,
  };
  const stateOf = (change: Partial<WorkloadEvidence>, more: Partial<Evidence> = {}) =>
    assess(aWorkspace(), plan, { phases: [], workload: { ...all, ...change }, ...more }, now).state;
  expect(stateOf({})).toBe('Ready');
  expect(stateOf({ readyReplicas: 1 })).toBe('Pending');
  expect(stateOf({ updatedReplicas: 1 })).toBe('Pending');
  expect(stateOf({ replicas: 3 })).toBe('Pending');
  expect(stateOf({ observed: false })).toBe('Pending');
  expect(stateOf({ wantedReplicas: 0 })).toBe('Pending');
  expect(stateOf({}, { deleting: true })).toBe('Pending');
  expect(stateOf({}, { managedElsewhere: 'another' })).toBe('Pending');
});

test('printed faults are read whole, in one line, and cut at their beginning', () => {
  expect(printedFault('words\n{"event":"fault","code":"A","message":"b \\"c\\"","remedy":"d"}')).toEqual({
    code: 'A',
    message: 'b "c"',
    remedy: 'd',
  });
  expect(
    printedFault(
      '{\n "error": {\n  "code": "Outer",\n  "message": "m",\n  "attempts": [{ "code": "Inner", "message": "n" }]',
    ),
  ).toEqual({ code: 'Outer', message: 'm' });
  expect(printedFault('…sage": "lost" }, { "code": "Inner", "message": "n", "remedy": "r" }')).toEqual({
    code: 'Inner',
    message: 'n',
    remedy: 'r',
  });
  expect(printedFault('Traceback')).toBeUndefined();
  expect(lastWords('a\n\nb\n c \n')).toBe('b | c');
});

test('text is cut in its middle, and lists of names at their end', () => {
  expect(brief('a\n  b')).toBe('a b');
  fc.assert(fc.property(fc.string({ maxLength: 600 }), (long) => brief(long).length <= 256));
  expect(brief(`${'x'.repeat(300)} the reason`)).toMatch(/^x+…x+ the reason$/);
  expect([listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c', 'd'])]).toEqual([
    'a',
    'a and b',
    'a, b and 2 more',
  ]);
});
