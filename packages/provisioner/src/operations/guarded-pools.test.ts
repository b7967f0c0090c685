import { expect, test } from 'vitest';
import { MemoryPools } from '../testing/memory-pools.ts';
import { guardedPools } from './guarded-pools.ts';

const election = (valid: boolean) => ({
  name: 'kaito-gpu-provisioner',
  term: { valid, signal: new AbortController().signal } as never,
});

test('W15: a process that does not lead changes no agent pool, whatever it was about to do', async () => {
  const pools = new MemoryPools();
  const standby = guardedPools(pools, election(false));
  await expect(standby.create('ws1', {})).rejects.toThrow('not the leader of kaito-gpu-provisioner');
  await expect(standby.delete('ws1')).rejects.toThrow('not the leader of kaito-gpu-provisioner');
  expect(await standby.list()).toEqual([]);
  expect(pools.calls).toEqual(['list']);
  await guardedPools(pools, election(true)).create('ws1', {});
  expect(pools.pools.has('ws1')).toBe(true);
});
