import { expect, test } from 'vitest';
import { assignmentOf } from './assignment.ts';

test.each([
  ['RG=KaitoLab', 'RG', false],
  ['TAG="0.0.2"', 'TAG', false],
  ['export A="x-${B}"', 'A', false],
  ['A=$B/${C}.d', 'A', false],
  ['export RG_ID=$(az group show -n $RG -o tsv --query id)', 'RG_ID', true],
  [`CLUSTERIP=$(kubectl get svc w-\${M} -o jsonpath='{.spec.clusterIP}')`, 'CLUSTERIP', true],
  ['A=', 'A', false],
])('%s only assigns', (command, name, computed) => {
  expect(assignmentOf(command)).toEqual({ name, computed });
});

test.each([
  'A=1 az group list',
  'export A',
  'A=1; rm x',
  'A=1 && b',
  'A=$(a) b',
  'az x --y=z',
  'A=1\nb',
  'A="b" >f',
  'A=`b`',
])('%s does more, or is not known to do nothing else', (command) => {
  expect(assignmentOf(command)).toBeUndefined();
});
