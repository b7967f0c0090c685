import type { AgentPoolProperties } from '@kaito/azure';
import { expect, test } from 'vitest';
import { nodeClaim, nodeClaim as claimOf } from '../testing/claims.ts';
import { aksNode } from '../testing/nodes.ts';
import { isManaged } from './managed.ts';
import { isNodeOf } from './nodes.ts';
import { isPoolOf } from './ownership.ts';

const claim = nodeClaim({ uid: 'uid-1' });
const { name = '' } = claim.metadata;
const pool = (properties: AgentPoolProperties, named = name) => ({ id: '', name: named, properties });
const goLabels = {
  'karpenter.sh/nodepool': 'kaito',
  'kaito.sh/machine-type': 'gpu',
  'kaito.sh/workspace': 'phi',
  'kaito.sh/creation-timestamp': '2026-01-01T00-00-00Z',
};

test.each<[string, AgentPoolProperties, boolean]>([
  ['ours, by the UID in its tag', { tags: { 'kaito.sh_nodeclaim-uid': 'uid-1' } }, true],
  ['ours, its tag in another case', { tags: { 'KAITO.sh_NodeClaim-UID': 'uid-1' } }, true],
  ['that of a claim of this name before', { tags: { 'kaito.sh_nodeclaim-uid': 'uid-0' }, nodeLabels: goLabels }, false],
  ['that of a Go provisioner for this claim', { nodeLabels: goLabels }, true],
  [
    'that of a Go provisioner for another claim of this name',
    { nodeLabels: { ...goLabels, 'kaito.sh/creation-timestamp': '2025-01-01T00-00-00Z' } },
    false,
  ],
  [
    'that of an old Go provisioner for this Workspace',
    {
      nodeLabels: {
        'karpenter.sh/provisioner-name': 'default',
        'kaito.sh/machine-type': 'gpu',
        'kaito.sh/workspace': 'phi',
      },
    },
    true,
  ],
  [
    'that of an old Go provisioner for another Workspace',
    {
      nodeLabels: {
        'karpenter.sh/provisioner-name': 'default',
        'kaito.sh/machine-type': 'gpu',
        'kaito.sh/workspace': 'falcon',
      },
    },
    false,
  ],
  ["a person's", { mode: 'System' }, false],
  ["a person's with a label of KAITO", { nodeLabels: { 'kaito.sh/workspace': 'phi' } }, false],
])('W2: %s', (_, properties, owned) => {
  expect(isPoolOf(pool(properties), claim)).toBe(owned);
});

test('W2: a pool of another name is never the claim’s', () => {
  expect(isPoolOf(pool({ tags: { 'kaito.sh_nodeclaim-uid': 'uid-1' } }, 'other'), claim)).toBe(false);
});

test('W1: a claim by its class alone owns its pool and node like any other', () => {
  const plain = claimOf({ uid: 'uid-1' });
  const { labels: _, ...metadata } = plain.metadata;
  const byClass = { ...plain, metadata };
  expect(isManaged(byClass)).toBe(true);
  const { 'kaito.sh/workspace': __, ...labels } = goLabels;
  expect(isPoolOf(pool({ nodeLabels: labels }), byClass)).toBe(true);
  expect(isNodeOf(aksNode(pool({ nodeLabels: labels })), byClass)).toBe(true);
});

test.each([
  [{ group: 'karpenter.azure.com', kind: 'AKSNodeClass', name: 'x' }, {}, false],
  [{ group: 'karpenter.azure.com', kind: 'AKSNodeClass', name: 'x' }, { 'kaito.sh/workspace': '' }, true],
  [{ group: '', kind: '', name: '' }, { 'kaito.sh/ragengine': 'x' }, true],
  [{ group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'any' }, {}, true],
])('a claim of class %j with labels %j is managed: %s', (nodeClassRef, labels, managed) => {
  const found = nodeClaim({ nodeClassRef });
  expect(isManaged({ ...found, metadata: { ...found.metadata, labels } })).toBe(managed);
});

test("a node of somebody else's pool of the claim's name is not its own", () => {
  expect(isNodeOf(aksNode(pool({})), claim)).toBe(false);
  expect(isNodeOf(aksNode(pool({ nodeLabels: goLabels })), claim)).toBe(true);
});
