import { describe, expect, test } from 'vitest';
import { stand } from '../testing/candidate.ts';
import { settled } from '../testing/manual-clock.ts';
import { MemoryClient } from '../testing/memory-client.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import { leaderGuard } from './leader-guard.ts';

describe('the guard', () => {
  test('lets reads pass always, and writes only for the leader', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    const b = stand(server, 'b');
    await settled();
    const leader = leaderGuard(server, a.election);
    const other = leaderGuard(server, b.election);
    await leader.create(configMaps, configMap('a'));
    expect((await other.list(configMaps)).items).toHaveLength(1);
    await expect(other.delete(configMaps, { namespace: 'default', name: 'a' })).rejects.toThrow(
      'not the leader of operator',
    );
    a.clock.pause(10_000);
    const at = { namespace: 'default', name: 'a' };
    for (const write of [
      () => leader.create(configMaps, configMap('b')),
      () => leader.replace(configMaps, configMap('a')),
      () => leader.patch(configMaps, at, { type: 'merge', body: {} }),
      () => leader.apply(configMaps, configMap('a'), { fieldManager: 'test' }),
      () => leader.delete(configMaps, at),
      () => leader.deleteCollection(configMaps, {}),
      () => leader.raw('POST', '/x'),
    ]) {
      await expect(write()).rejects.toThrow('not the leader of operator');
    }
    expect((await server.list(configMaps)).items).toHaveLength(1);
    await Promise.all([a.stop(), b.stop()]);
  });

  test('gives a write no longer than until another may lead, and aborts it with the term', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    const seen: { readonly signal?: AbortSignal; readonly timeoutMs?: number }[] = [];
    const client = new Proxy(server, {
      get: (target, method) =>
        method === 'create'
          ? (_: unknown, __: unknown, options: object) => Promise.resolve(seen.push(options))
          : Reflect.get(target, method),
    });
    const guard = leaderGuard(client, a.election);
    a.clock.pause(4_000);
    await guard.create(configMaps, configMap('a'));
    await guard.create(configMaps, configMap('a'), { timeoutMs: 5, signal: new AbortController().signal });
    expect(seen.map(({ timeoutMs }) => timeoutMs)).toEqual([11_000, 5]);
    a.clock.pause(6_000);
    expect(a.election.isLeader()).toBe(false);
    expect(seen.map(({ signal }) => signal!.aborted)).toEqual([true, true]);
    await a.result;
  });
});
