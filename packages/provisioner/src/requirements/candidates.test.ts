import type { KaitoNodeClassSpec, NodeRequirement } from '@kaito/api';
import { loadCatalog } from '@kaito/catalog';
import { assert, property, shuffledSubarray } from 'fast-check';
import { expect, test } from 'vitest';
import { PlanError } from '../agent-pool/plan-error.ts';
import { nodeClaim } from '../testing/claims.ts';
import { candidateName } from './candidate.ts';
import { selectCandidates } from './candidates.ts';

const where = { catalog: loadCatalog(), location: 'westus3' };

interface Asked {
  readonly types?: readonly string[];
  readonly requirements?: NodeRequirement[];
  readonly requests?: Record<string, string>;
  readonly nodeClass?: KaitoNodeClassSpec;
  readonly labels?: Record<string, string>;
}

function select({ types, requirements = [], requests = { storage: '120Gi' }, nodeClass = {}, labels = {} }: Asked) {
  const claim = nodeClaim({ ...(types && { types }), requirements, resources: { requests }, labels });
  return selectCandidates(claim, nodeClass, where);
}

const names = (asked: Asked): string[] => select(asked).candidates.map(candidateName);

function refusal(asked: Asked): string {
  try {
    return names(asked).join(', ');
  } catch (error) {
    if (error instanceof PlanError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const zone = 'topology.kubernetes.io/zone';
const capacity = 'karpenter.sh/capacity-type';
const [a, b, c] = ['Standard_NC24ads_A100_v4', 'Standard_NC6s_v3', 'Standard_D8s_v5'];

test('W8: several machine types are tried in the order in which they stand, each time', () => {
  assert(
    property(shuffledSubarray([a, b, c], { minLength: 1 }), (types) => {
      expect(names({ types })).toEqual(types);
    }),
  );
});

test('W8: capacity types and zones are honoured, in order, within those of the class', () => {
  const requirements: NodeRequirement[] = [
    { key: capacity, operator: 'In', values: ['spot', 'on-demand'] },
    { key: zone, operator: 'In', values: ['westus3-2', '1'] },
  ];
  expect(names({ types: [a, b], requirements, nodeClass: { zones: ['1', '2', '3'] } })).toEqual([
    `${a} in zone 2 (spot)`,
    `${a} in zone 1 (spot)`,
    `${a} in zone 2`,
    `${a} in zone 1`,
    `${b} in zone 2 (spot)`,
    `${b} in zone 1 (spot)`,
    `${b} in zone 2`,
    `${b} in zone 1`,
  ]);
  expect(names({ types: [a], nodeClass: { zones: ['3'], spot: {} } })).toEqual([`${a} in zone 3 (spot)`]);
});

test('W9: sizes are known whatever their case', () => {
  expect(names({ types: ['standard_nc24ADS_a100_V4'] })).toEqual([a]);
  expect(
    names({
      types: [a],
      requirements: [{ key: 'karpenter.azure.com/sku-name', operator: 'In', values: ['STANDARD_NC24ADS_A100_V4'] }],
    }),
  ).toEqual([a]);
});

test.each<[string, Asked, string]>([
  [
    'In leaves out others',
    { types: [a, c], requirements: [{ key: 'kaito.sh/machine-type', operator: 'In', values: ['gpu'] }] },
    a,
  ],
  [
    'NotIn',
    { types: [a, b], requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'NotIn', values: [a] }] },
    b,
  ],
  ['Gt', { types: [b, a], requirements: [{ key: 'karpenter.azure.com/sku-cpu', operator: 'Gt', values: ['8'] }] }, a],
  [
    'Lt',
    { types: [a, b], requirements: [{ key: 'karpenter.azure.com/sku-memory', operator: 'Lt', values: ['200000'] }] },
    b,
  ],
  ['Exists', { types: [a], requirements: [{ key: 'kubernetes.io/arch', operator: 'Exists' }] }, a],
  [
    'DoesNotExist of a label that nobody has',
    { types: [a], requirements: [{ key: 'team.example/x', operator: 'DoesNotExist' }] },
    a,
  ],
  ['GPUs that are asked for', { types: [c, a], requests: { storage: '1Gi', 'nvidia.com/gpu': '1' } }, a],
  ['memory that is asked for', { types: [b, a], requests: { storage: '1Gi', memory: '200Gi' } }, a],
  ['a type that the catalog does not know', { types: ['Standard_X99_v9'] }, 'Standard_X99_v9'],
])('%s', (_, asked, expected) => {
  expect(names(asked).join(', ')).toBe(expected);
});

test.each<[string, Asked, string]>([
  ['no machine type', { types: [] }, 'NoInstanceType: nodeClaim spec has no requirement for instance type'],
  [
    'an unknown key of a reserved domain',
    { requirements: [{ key: 'karpenter.azure.com/sku-family', operator: 'In', values: ['N'] }] },
    'RequirementNotSupported: requirement karpenter.azure.com/sku-family In [N] cannot be honoured',
  ],
  [
    'reserved capacity',
    { requirements: [{ key: capacity, operator: 'In', values: ['reserved'] }] },
    'RequirementNotSupported: requirement karpenter.sh/capacity-type In [reserved]',
  ],
  [
    'a zone of another region',
    { requirements: [{ key: zone, operator: 'In', values: ['eastus-1'] }] },
    'RequirementNotSupported: requirement topology.kubernetes.io/zone In [eastus-1]',
  ],
  [
    'a zone outside of the class',
    { requirements: [{ key: zone, operator: 'In', values: ['westus3-1'] }], nodeClass: { zones: ['2'] } },
    'RequirementsConflict: requirement topology.kubernetes.io/zone In [westus3-1] names no zone',
  ],
  [
    'zones of which nothing is known',
    { requirements: [{ key: zone, operator: 'NotIn', values: ['westus3-1'] }] },
    'RequirementsConflict: requirement topology.kubernetes.io/zone NotIn [westus3-1] is met by no machine',
  ],
  [
    'Windows',
    { requirements: [{ key: 'kubernetes.io/os', operator: 'In', values: ['windows'] }] },
    'RequirementsConflict: requirement kubernetes.io/os In [windows] is met by no machine',
  ],
  [
    'another processor',
    { types: ['Standard_D8ps_v5'], requirements: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }] },
    'RequirementsConflict: requirement kubernetes.io/arch In [amd64] is met by no machine of those allowed, Standard_D8ps_v5: it is arm64',
  ],
  [
    'too many GPUs',
    { types: [b], requests: { storage: '1Gi', 'nvidia.com/gpu': '8' } },
    'ResourcesTooLarge: resources.requests asks for nvidia.com/gpu: 8',
  ],
  [
    'too few values left',
    { types: [a, b], requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'Exists', minValues: 3 }] },
    'RequirementsConflict: requirement node.kubernetes.io/instance-type wants 3 values',
  ],
])('%s is refused by name', (_, asked, expected) => {
  expect(refusal(asked)).toContain(expected);
});

test('a label of a person is given to the node', () => {
  const requirements: NodeRequirement[] = [{ key: 'team.example/name', operator: 'In', values: ['ai', 'web'] }];
  expect(select({ requirements }).labels).toEqual({ 'team.example/name': 'ai' });
  expect(select({ requirements, labels: { 'team.example/name': 'web' } }).labels).toEqual({});
  expect(refusal({ requirements, labels: { 'team.example/name': 'ops' } })).toContain('RequirementsConflict');
});
