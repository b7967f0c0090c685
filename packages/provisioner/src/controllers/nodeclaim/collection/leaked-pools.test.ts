import type { AgentPoolProperties } from '@kaito/azure';
import { expect, test } from 'vitest';
import { leakedPools } from './leaked-pools.ts';

const now = new Date('2026-01-01T01:00:00Z');
const tags = (uid: string, createdAt: string) => ({ 'kaito.sh_nodeclaim-uid': uid, 'kaito.sh_created-at': createdAt });

test.each<[string, AgentPoolProperties, boolean]>([
  ['ours, without a claim', { tags: tags('gone', '2026-01-01T00:00:00Z') }, true],
  ['ours, with its claim', { tags: tags('here', '2026-01-01T00:00:00Z') }, false],
  ['ours, of a claim made before it, itself made just now', { tags: tags('gone', '2026-01-01T00:59:00Z') }, false],
  ['ours, already being deleted', { tags: tags('gone', '2026-01-01T00:00:00Z'), provisioningState: 'Deleting' }, false],
  ['ours by a tag that does not say since when', { tags: { 'kaito.sh_nodeclaim-uid': 'gone' } }, false],
  ["a Go provisioner's", { nodeLabels: { 'kaito.sh/workspace': 'phi', 'karpenter.sh/nodepool': 'kaito' } }, false],
  ["a person's", { mode: 'User', tags: { team: 'ai' } }, false],
])('W21: a pool that is %s', (_, properties, leaked) => {
  const pool = { id: '', name: 'ws0a1b2c3d4', properties };
  expect(leakedPools([pool], new Set(['here']), now)).toEqual(leaked ? [pool] : []);
});
