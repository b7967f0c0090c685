import { expect, test } from 'vitest';
import {
  allAnswered,
  allReady,
  bothAnswered,
  firstRankWaits,
  machineDead,
  nothingLeft,
  ownPoolAlone,
  ranksMet,
  takenOver,
  streamed,
  twoMachines,
} from './sights.ts';

const word = (ready: boolean): string => (ready ? 'True' : 'False');

/** What `kubectl get workspace,nodes,pods` prints. */
function tables({
  workspaces = [],
  nodes,
  pods = [],
}: {
  readonly workspaces?: readonly boolean[];
  readonly nodes: readonly string[];
  readonly pods?: readonly (readonly [name: string, ready: string, status: string])[];
}): string {
  return [
    'NAME                        RESOURCEREADY   INFERENCEREADY   WORKSPACESUCCEEDED   STATE   AGE',
    ...workspaces.map(
      (ready, index) =>
        `workspace.kaito.sh/model-${index}  ${word(ready).padEnd(16)}${word(ready).padEnd(17)}${word(ready).padEnd(21)}Any     18s`,
    ),
    '',
    'NAME            STATUS     ROLES    AGE   VERSION',
    ...nodes.map((status, index) => `node/aks-${index}      ${status.padEnd(11)}<none>   13m   v1.34.4`),
    '',
    'NAME                    READY   STATUS        RESTARTS   AGE',
    ...pods.map(
      ([name, ready, status]) => `pod/${name.padEnd(20)}${ready.padEnd(8)}${status.padEnd(14)}0          11s`,
    ),
  ].join('\n');
}

const own = ['Ready', 'Ready', 'Ready'];
const runs = ['a', '1/1', 'Running'] as const;
const all = allReady(2, 2);

test.each([
  ['all is well', true, { workspaces: [true, true], nodes: [...own, 'Ready', 'Ready'], pods: [runs, runs] }],
  ['one Workspace is not there yet', false, { workspaces: [true], nodes: [...own, 'Ready', 'Ready'], pods: [runs] }],
  ['one is not ready', false, { workspaces: [true, false], nodes: [...own, 'Ready', 'Ready'], pods: [runs, runs] }],
  ['a node is missing', false, { workspaces: [true, true], nodes: [...own, 'Ready'], pods: [runs, runs] }],
  ['a dead node is there', false, { workspaces: [true, true], nodes: [...own, 'Ready', 'NotReady'], pods: [runs] }],
  [
    'a pod starts',
    false,
    { workspaces: [true, true], nodes: [...own, 'Ready', 'Ready'], pods: [runs, ['b', '0/1', 'Running']] },
  ],
  ['a pod is missing', false, { workspaces: [true, true], nodes: [...own, 'Ready', 'Ready'], pods: [runs] }],
  [
    'the pod of a dead machine is listed',
    true,
    { workspaces: [true, true], nodes: [...own, 'Ready', 'Ready'], pods: [runs, runs, ['c', '1/1', 'Terminating']] },
  ],
] as const)('%s: all ready: %s', (_, seen, state) => {
  expect(all.seen(tables(state))).toBe(seen);
});

test('a dead machine is seen until another has taken over, and that until it is gone', () => {
  const dead = tables({ workspaces: [true, false], nodes: [...own, 'Ready', 'NotReady'] });
  const over = tables({ workspaces: [true, true], nodes: [...own, 'NotReady,SchedulingDisabled', 'Ready', 'Ready'] });
  const well = tables({ workspaces: [true, true], nodes: [...own, 'Ready', 'Ready'] });
  expect([dead, over, well].map((text) => machineDead.seen(text))).toEqual([true, false, false]);
  expect([dead, over, well].map((text) => takenOver.seen(text))).toEqual([false, true, false]);
});

test('nothing is left when the nodes of the cluster are alone', () => {
  expect(nothingLeft.seen(tables({ nodes: own }))).toBe(true);
  expect(nothingLeft.seen(tables({ nodes: [...own, 'Ready'] }))).toBe(false);
  expect(nothingLeft.seen(tables({ nodes: own, pods: [runs] }))).toBe(false);
  expect(nothingLeft.seen(tables({ nodes: own, workspaces: [false] }))).toBe(false);
});

const ranks = (first: string) => ({
  nodes: own,
  pods: [['workspace-llama-0', first, 'Running'] as const, ['workspace-llama-1', '1/1', 'Running'] as const],
});

test('the first rank waits while it runs and is not ready', () => {
  expect(firstRankWaits.seen(tables(ranks('0/1')))).toBe(true);
  expect(firstRankWaits.seen(tables(ranks('1/1')))).toBe(false);
});

test("the cluster's own pool is alone in az' table", () => {
  const table =
    'Name       OsType    VmSize           Count\n---------  --------  -----\nnodepool1  Linux     Standard_D4s_v5  3';
  expect(ownPoolAlone.seen(table)).toBe(true);
  expect(ownPoolAlone.seen(`${table}\nws80d2a0fb1  Linux  Standard_NC4as_T4_v3  1`)).toBe(false);
  expect(ownPoolAlone.seen('')).toBe(false);
});

test('ranks are on two machines, and meet', () => {
  expect(twoMachines.seen('NAME      NODE\nworkspace-llama-0   aks-a\nworkspace-llama-1   aks-b')).toBe(true);
  expect(twoMachines.seen('NAME      NODE\nworkspace-llama-0   aks-a\nworkspace-llama-1   aks-a')).toBe(false);
  const log =
    '[stand-in] Waiting for rank 1.\n[stand-in] Rank 1 has joined.\n[stand-in] All ranks are here. Rank 0 serves.';
  expect(ranksMet.seen(log)).toBe(true);
  expect(ranksMet.seen('[stand-in] Waiting for rank 1.')).toBe(false);
});

test('every request of a loop was answered', () => {
  const answer = '200 after 0.48 s\n';
  expect(allAnswered.seen(`${answer.repeat(3)}^C`)).toBe(true);
  expect(allAnswered.seen(answer)).toBe(false);
  expect(allAnswered.seen(`${answer.repeat(3)}503 after 0.1 s\n^C`)).toBe(false);
  expect(allAnswered.seen(`${answer.repeat(3)}curl: (7) Failed to connect\n^C`)).toBe(false);
});

test('both models answered', () => {
  expect(bothAnswered.seen('{"Result":"one"}\n{"Result":"two"}')).toBe(true);
  expect(bothAnswered.seen('{"Result":"one"}\n{"error":"two"}')).toBe(false);
});

test('an answer was streamed when it came in pieces, to its end', () => {
  const piece = 'data: {"choices":[{"delta":{"content":"In"}}]}';
  expect(streamed.seen(`${piece}\n\n${piece}\n\ndata: [DONE]`)).toBe(true);
  expect(streamed.seen(`${piece}\n\ndata: [DONE]`)).toBe(false);
  expect(streamed.seen(`${piece}\n\n${piece}`)).toBe(false);
});
