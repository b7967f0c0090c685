import type { Condition } from '@kaito/api';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assess } from './assess.ts';
import { policies } from './policies/index.ts';
import type { RootCause } from './assessment.ts';
import type { Evidence, Fault, ProcessExit } from './evidence.ts';
import {
  aPlan,
  aWorkspace,
  ago,
  fetched,
  fetching,
  loaded,
  loading,
  now,
  readyProcess,
  served,
  servingEvidence,
} from './testing/factories.ts';

const exit = (change: Partial<ProcessExit>): ProcessExit => ({
  code: null,
  signal: null,
  at: ago(1),
  lastLines: [],
  ...change,
});

const ended = (change: Partial<ProcessExit>): Evidence => ({
  phases: [fetched],
  process: { restarts: 0, lastExit: exit(change), nextStartAt: ago(-8) },
});

const fault = (code: string, kind: Fault['kind'], remedy?: string): Fault => ({
  code,
  kind,
  message: `it went wrong with ${code}`,
  ...(remedy !== undefined && { remedy }),
});

const cause = (evidence: Evidence, plan = aPlan()): RootCause | undefined =>
  assess(aWorkspace(), plan, evidence, now).rootCause;

describe('the root cause', () => {
  const table: [string, Evidence, Partial<RootCause>][] = [
    ['nothing seen yet', { phases: [] }, { code: 'FetchingWeights', needs: 'time' }],
    [
      'fetching',
      { phases: [fetching] },
      { code: 'FetchingWeights', message: 'fetching the weights: 44 % of 93.8 MiB, 12 MiB/s, 4 s left' },
    ],
    [
      'loading',
      { phases: [fetched, loading], process: { pid: 42, readiness: 'loading', restarts: 0 } },
      { code: 'LoadingModel', message: 'loading the model: for 3 s, about 4 s expected' },
    ],
    [
      'loading slowly',
      {
        phases: [fetched, { phase: 'ModelLoaded', startedAt: ago(90) }],
        process: { pid: 42, readiness: 'loading', restarts: 0 },
      },
      {
        code: 'SlowerThanExpected',
        message: 'loading the model takes longer than expected: 1 min 30 s so far, about 4 s expected',
        remedy: "read the server's log: kaito logs demo -n team",
      },
    ],
    [
      'a digest that differs',
      { phases: [{ ...fetching, fault: fault('DigestMismatch', 'terminal') }] },
      {
        code: 'DigestMismatch',
        needs: 'person',
        remedy: 'mend the source of the weights, then: kaito up -f <manifest>',
      },
    ],
    [
      'no network for a moment',
      { phases: [{ ...fetching, fault: fault('NetworkUnreachable', 'transient', 'Check the proxy') }] },
      { code: 'NetworkUnreachable', needs: 'time', remedy: 'Check the proxy' },
    ],
    [
      'a port in use',
      { phases: [fetched, { ...loading, fault: fault('PortInUse', 'terminal') }] },
      { code: 'PortInUse', needs: 'person', remedy: 'ask for another port: kaito up -f <manifest> --port 0' },
    ],
    [
      'a server that cannot be started',
      { phases: [fetched, { ...loading, fault: fault('ServerNotStarted', 'terminal') }] },
      { code: 'ServerNotStarted', needs: 'person' },
    ],
    [
      'killed',
      ended({ signal: 'SIGKILL' }),
      {
        code: 'OutOfMemorySuspected',
        needs: 'time',
        message:
          'the server was killed (SIGKILL), most likely because the machine ran out of memory; it is started again in 8 s',
      },
    ],
    ['illegal instruction', ended({ signal: 'SIGILL' }), { code: 'ProcessorNotSupported' }],
    ['stopped from outside', ended({ signal: 'SIGTERM' }), { code: 'ServerStopped' }],
    ['segmentation fault', ended({ signal: 'SIGSEGV' }), { code: 'ServerCrashed' }],
    ['ended unseen', ended({}), { code: 'ServerEnded' }],
    ['ended without error', ended({ code: 0 }), { code: 'ServerEnded' }],
    [
      'crashed with words',
      ended({ code: 70, lastLines: ['first', '', 'Error: out of slots', '  at decode'] }),
      {
        code: 'ServerCrashed',
        message:
          'the server crashed (exit code 70); it is started again in 8 s; its last lines: Error: out of slots | at decode',
      },
    ],
    [
      'loading again after a crash',
      {
        phases: [fetched, loading],
        process: { pid: 43, readiness: 'loading', restarts: 1, lastExit: exit({ code: 70 }) },
      },
      { code: 'ServerCrashed', message: 'the server crashed (exit code 70); it was started again and loads the model' },
    ],
    [
      'a crash loop',
      { phases: [fetched], process: { restarts: 5, gaveUp: true, lastExit: exit({ code: 1 }) } },
      {
        code: 'CrashLoop',
        needs: 'person',
        message: 'the server crashed (exit code 1), and is not started again after 5 restarts',
      },
    ],
    [
      'killed over and over',
      { phases: [fetched], process: { restarts: 5, gaveUp: true, lastExit: exit({ signal: 'SIGKILL' }) } },
      { code: 'OutOfMemorySuspected', needs: 'person' },
    ],
    [
      'a bad model file',
      { phases: [fetched], process: { restarts: 0, gaveUp: true, lastExit: exit({ code: 3 }) } },
      { code: 'ModelInvalid', needs: 'person' },
    ],
    [
      'draining',
      { phases: [fetched, loaded, served], process: { ...readyProcess, readiness: 'draining' } },
      { code: 'Draining', needs: 'time', remedy: 'follow it: kaito get demo -n team --watch' },
    ],
    ['deleting', { ...servingEvidence, deleting: true }, { code: 'Deleting', needs: 'time' }],
    [
      'no supervisor',
      { phases: [fetched], process: { restarts: 0 }, supervisor: 'gone' },
      { code: 'SupervisorGone', needs: 'person' },
    ],
    [
      'too few nodes',
      { phases: [], nodes: { wanted: 2, ready: ['a'] } },
      { code: 'WaitingForNodes', message: '1 of 2 nodes are ready' },
    ],
    [
      'a node without its device plugin',
      { phases: [], nodes: { wanted: 1, ready: [], withoutPlugin: ['a'] } },
      { code: 'NodePluginsNotReady' },
    ],
    [
      'a NodeClaim that fails',
      { phases: [], nodes: { wanted: 1, ready: [] }, nodeClaims: [{ name: 'ws1', conditions: [claimFails()] }] },
      {
        code: 'LaunchFailed',
        message: 'no quota',
        remedy: 'see what the provisioner says: kubectl describe nodeclaim ws1',
      },
    ],
  ];
  test.each(table)('%s', (_, evidence, expected) => {
    expect(cause(evidence)).toMatchObject(expected);
  });

  test('is the first error of a refused Plan, whatever runs', () => {
    const finding = {
      code: 'InsufficientMemory',
      severity: 'error',
      message: 'needs 5 GiB',
      remedy: 'ask for less',
    } as const;
    const plan = aPlan({ admitted: false, findings: [{ ...finding, severity: 'warning' }, finding, finding] });
    expect(cause(servingEvidence, plan)).toEqual({
      code: 'InsufficientMemory',
      message: 'needs 5 GiB (and 1 more)',
      needs: 'person',
      remedy: 'ask for less',
    });
    expect(assess(aWorkspace(), plan, servingEvidence, now).phases[0]).toMatchObject({
      name: 'Validated',
      state: 'failed',
    });
  });

  test('is none while it serves, even with an old exit or a fault that passed', () => {
    const before = { ...readyProcess, restarts: 2, lastExit: exit({ code: 70 }) };
    const phases = [{ ...fetched, fault: fault('NetworkUnreachable', 'transient') }, loaded, served];
    expect(cause({ phases, process: before })).toBeUndefined();
  });

  test('points into the cluster where the Plan is for one', () => {
    expect(cause({ phases: [], nodes: { wanted: 2, ready: [] } }, aPlan({ target: 'cluster' }))?.remedy).toContain(
      'kubectl describe workspace demo -n team',
    );
  });
});

function claimFails(): Condition {
  return { type: 'Launched', status: 'False', reason: 'LaunchFailed', message: 'no quota', lastTransitionTime: ago(5) };
}

const brief = (evidence: Evidence, plan = aPlan()) =>
  assess(aWorkspace(), plan, evidence, now).conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

describe('conditions', () => {
  test('while serving', () => {
    expect(brief(servingEvidence)).toEqual([
      'ResourceReady=True workspaceResourceStatusSuccess',
      'InferenceReady=True WorkspaceInferenceStatusSuccess',
      'WorkspaceSucceeded=True workspaceSucceeded',
      'WorkspaceReady=True workspaceReady',
    ]);
  });

  test('while waiting, and when a person must act', () => {
    expect(brief({ phases: [fetching] })).toEqual([
      'ResourceReady=True workspaceResourceStatusSuccess',
      'InferenceReady=False WorkspaceInferenceStatusPending',
      'WorkspaceSucceeded=False workspacePending',
      'WorkspaceReady=False workspacePending',
    ]);
    expect(brief({ phases: [{ ...fetching, fault: fault('DigestMismatch', 'terminal') }] }).slice(1)).toEqual([
      'InferenceReady=False WorkspaceInferenceStatusFailed',
      'WorkspaceSucceeded=False workspaceFailed',
      'WorkspaceReady=False workspaceFailed',
    ]);
  });

  test('of nodes only where nodes were looked at, and ResourceReady takes over the reason of the failing one', () => {
    expect(
      brief({
        phases: [],
        nodes: { wanted: 1, ready: [] },
        nodeClaims: [{ name: 'ws1', conditions: [claimFails()] }],
      }).slice(0, 3),
    ).toEqual([
      'NodeClaimReady=False LaunchFailed',
      'NodesReady=False NodeNotReady',
      'ResourceReady=False LaunchFailed',
    ]);
    expect(brief({ phases: [], nodes: { wanted: 1, ready: ['a'] } })[0]).toBe('NodesReady=True NodesReady');
  });

  test('tell of nodes under pressure', () => {
    const nodes = { wanted: 1, ready: ['a'], underPressure: [{ name: 'a', pressures: ['DiskPressure'] }] };
    expect(assess(aWorkspace(), aPlan(), { phases: [], nodes }, now).conditions[0]?.message).toBe(
      'Nodes are ready; warning: worker node(s) under resource pressure: a (DiskPressure)',
    );
  });

  test('of a refused Plan, and of one being deleted', () => {
    expect(brief(servingEvidence, aPlan({ admitted: false }))[0]).toBe(
      'ResourceReady=False workspaceResourceStatusFailed',
    );
    expect(brief({ ...servingEvidence, deleting: true }).at(-1)).toBe('WorkspaceDeleting=True workspaceDeleted');
  });

  test('keep their transition time while the status stays, and carry the generation', () => {
    const first = assess(aWorkspace(), aPlan(), { phases: [fetching] }, now).conditions;
    expect(first[0]).toMatchObject({ lastTransitionTime: '2024-03-01T12:00:00Z', observedGeneration: 3 });
    const later = new Date(now.getTime() + 60_000);
    const second = assess(aWorkspace(), aPlan(), servingEvidence, later, first).conditions;
    expect(second.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
      '2024-03-01T12:00:00Z',
      '2024-03-01T12:01:00Z',
      '2024-03-01T12:01:00Z',
      '2024-03-01T12:01:00Z',
    ]);
  });
});

test('once Ready, a Workspace is NotReady afterwards and never Pending again', () => {
  const states: string[] = [];
  let workspace = aWorkspace();
  for (const evidence of [
    { phases: [fetching] },
    servingEvidence,
    ended({ code: 70 }),
    ended({ code: 70 }),
    servingEvidence,
  ]) {
    const { state, conditions } = assess(workspace, aPlan(), evidence, now);
    states.push(state);
    workspace = aWorkspace({ status: { state, conditions: [...conditions] } });
  }
  expect(states).toEqual(['Pending', 'Ready', 'NotReady', 'NotReady', 'Ready']);
});

test('phases say how long they took, how long was expected, and what they do', () => {
  const { phases } = assess(
    aWorkspace(),
    aPlan(),
    { phases: [fetched, loading], process: { ...readyProcess, readiness: 'loading' } },
    now,
  );
  expect(phases).toEqual([
    { name: 'Validated', state: 'done', expectedSeconds: 0 },
    { name: 'WeightsReady', state: 'done', startedAt: ago(20), seconds: 8, expectedSeconds: 10 },
    {
      name: 'ModelLoaded',
      state: 'running',
      startedAt: ago(3),
      seconds: 3,
      expectedSeconds: 4,
      detail: 'for 3 s, about 4 s expected',
    },
    { name: 'Serving', state: 'waiting', expectedSeconds: 1 },
  ]);
  const note = { ...servingEvidence, process: { ...readyProcess, note: 'port 4999 is taken' } };
  expect(assess(aWorkspace(), aPlan(), note, now).phases.at(-1)?.detail).toBe(
    'http://127.0.0.1:5000; port 4999 is taken',
  );
});

const time = fc.constantFrom(ago(500), ago(10), ago(0), ago(-5), 'not a time');
const anyFault = fc.record(
  {
    code: fc.constantFrom('PortInUse', 'NoSpace', 'X'),
    message: fc.string(),
    kind: fc.constantFrom('transient' as const, 'terminal' as const),
    remedy: fc.string({ minLength: 1 }),
  },
  { requiredKeys: ['code', 'message', 'kind'] },
);
const phase = fc.record(
  {
    phase: fc.constantFrom('Validated', 'NodesReady', 'ImagePulled', 'WeightsReady', 'ModelLoaded', 'Serving'),
    startedAt: time,
    endedAt: time,
    progress: fc.record(
      { doneBytes: fc.nat(), totalBytes: fc.nat(), bytesPerSecond: fc.nat() },
      { requiredKeys: ['doneBytes'] },
    ),
    fault: anyFault,
  },
  { requiredKeys: ['phase'] },
);
const process = fc.record(
  {
    pid: fc.constant(42),
    startedAt: time,
    readiness: fc.constantFrom('loading', 'ready', 'draining'),
    endpoint: fc.constant('http://127.0.0.1:5000'),
    restarts: fc.nat(9),
    lastExit: fc.record({
      code: fc.constantFrom(null, 0, 2, 3, 4, 70),
      signal: fc.constantFrom(null, 'SIGKILL', 'SIGSEGV'),
      at: time,
      lastLines: fc.array(fc.string(), { maxLength: 3 }),
    }),
    nextStartAt: time,
    gaveUp: fc.boolean(),
  },
  { requiredKeys: ['restarts'] },
);
const anyEvidence = fc.record(
  {
    phases: fc.uniqueArray(phase, { selector: ({ phase }) => phase, maxLength: 6 }),
    process,
    supervisor: fc.constantFrom('running', 'gone'),
    nodes: fc.record({ wanted: fc.nat(2), ready: fc.array(fc.constant('a'), { maxLength: 2 }) }),
    nodeClaims: fc.constantFrom([], [{ name: 'ws1', conditions: [claimFails()] }], [{ name: 'ws1', conditions: [] }]),
    deleting: fc.boolean(),
  },
  { requiredKeys: ['phases'] },
) as unknown as fc.Arbitrary<Evidence>;

test('Ready, no root cause, and an endpoint are the same; conditions agree; a person always gets a remedy', () => {
  fc.assert(
    fc.property(anyEvidence, fc.boolean(), (evidence, admitted) => {
      const { state, rootCause, endpoint, conditions, phases } = assess(
        aWorkspace(),
        aPlan({ admitted }),
        evidence,
        now,
      );
      const ready = state === 'Ready';
      expect(rootCause === undefined).toBe(ready);
      expect(endpoint !== undefined).toBe(ready);
      for (const type of ['InferenceReady', 'WorkspaceSucceeded', 'WorkspaceReady']) {
        expect(conditions.find((condition) => condition.type === type)?.status).toBe(ready ? 'True' : 'False');
      }
      expect(phases.find(({ name }) => name === 'Serving')?.state === 'done').toBe(ready);
      if (rootCause?.needs === 'person') expect(rootCause.remedy).not.toBe('');
      for (const { seconds } of phases) if (seconds !== undefined) expect(seconds).toBeGreaterThanOrEqual(0);
      for (const condition of conditions) expect(condition.reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
    }),
    { numRuns: 500 },
  );
});

test('the chain holds each policy once', () => {
  expect(new Set(policies).size).toBe(policies.length);
});
