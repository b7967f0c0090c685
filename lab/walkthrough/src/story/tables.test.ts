import { expect, test } from 'vitest';
import { podRuns, tableRows } from './tables.ts';

test('rows of several tables, with empty cells and columns of two words', () => {
  const text = `Every 2.0s: kubectl get nodes,pods      host: Thu

NAME                STATUS   ROLES
node/aks-1          Ready    <none>

NAME        READY   STATUS    NOMINATED NODE
pod/a       1/1     Running   n1
pod/b               Pending
`;
  expect(tableRows(text)).toEqual([
    { NAME: 'node/aks-1', STATUS: 'Ready', ROLES: '<none>' },
    { NAME: 'pod/a', READY: '1/1', STATUS: 'Running', 'NOMINATED NODE': 'n1' },
    { NAME: 'pod/b', READY: '', STATUS: 'Pending', 'NOMINATED NODE': '' },
  ]);
});

test('what is no table has no rows', () => {
  expect(tableRows('No resources found in default namespace.\n\n{"NAME": 1}')).toEqual([]);
});

test.each([
  ['1/1', 'Running', true],
  ['0/1', 'Running', false],
  ['1/1', 'Terminating', false],
  ['0/0', 'Running', false],
  ['', 'Running', false],
])('a pod that is %s %s runs: %s', (READY, STATUS, runs) => {
  expect(podRuns({ READY, STATUS })).toBe(runs);
});
