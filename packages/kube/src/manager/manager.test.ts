import { describe, expect, test } from 'vitest';
import { createElection } from '../lease/election.ts';
import { leases } from '../lease/lease.ts';
import { silentLogger } from '../logger.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { MemoryClient } from '../testing/memory-client.ts';
import { createManager } from './manager.ts';
import type { ManagerOptions } from './manager.ts';
import type { Runnable } from './runnable.ts';

function newManager(options: Partial<ManagerOptions> = {}) {
  const clock = new ManualClock();
  const log: string[] = [];
  const manager = createManager({ clock, logger: silentLogger, ...options });
  const end = new AbortController();
  const part = (name: string, group: Runnable['group'], more: Partial<Runnable> = {}): Runnable => ({
    name,
    group,
    async run(signal) {
      log.push(`+${name}`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await settled();
      log.push(`-${name}`);
    },
    ...more,
  });
  return { manager, clock, log, part, end };
}

const electionOf = (server: MemoryClient, clock: ManualClock) =>
  createElection({
    client: server,
    namespace: 'kaito',
    name: 'operator',
    identity: 'a',
    clock,
    logger: silentLogger,
    random: () => 0,
  });

const never = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a manager', () => {
  test('starts its groups in order, whatever the order they came in, and stops them in reverse', async () => {
    const { manager, log, part, end } = newManager();
    manager.add(
      part('controller', 'leader'),
      part('cache', 'caches'),
      part('metrics', 'servers'),
      part('sync', 'always'),
      part('hook', 'webhooks'),
    );
    const running = manager.run(end.signal);
    await manager.started();
    await settled();
    end.abort();
    await running;
    expect(log).toEqual([
      '+metrics',
      '+hook',
      '+cache',
      '+sync',
      '+controller',
      '-controller',
      '-sync',
      '-cache',
      '-hook',
      '-metrics',
    ]);
  });

  test('waits for a group to be of use before the next', async () => {
    const { manager, log, part, end } = newManager();
    const synced = Promise.withResolvers<void>();
    manager.add(
      part('cache', 'caches', { ready: () => synced.promise, notReady: () => 'no list yet' }),
      part('controller', 'leader'),
    );
    const running = manager.run(end.signal);
    await settled();
    expect(log).toEqual(['+cache']);
    expect(manager.checks.map(({ name, check }) => `${name}: ${check() ?? 'ok'}`)).toEqual([
      'started: not all parts have started',
      'cache: no list yet',
    ]);
    synced.resolve();
    await settled();
    expect(log).toEqual(['+cache', '+controller']);
    expect(manager.checks[0]!.check()).toBeUndefined();
    end.abort();
    await running;
  });

  test('that is stopped while it waits ends', async () => {
    const { manager, log, part, end } = newManager();
    manager.add(part('cache', 'caches', { ready: never }), part('controller', 'leader'));
    const running = manager.run(end.signal);
    await settled();
    end.abort();
    await running;
    expect(log).toEqual(['+cache', '-cache']);
  });

  test.each([
    ['while it runs', { run: () => settled().then(() => Promise.reject(new Error('bound port'))) }],
    ['while it starts', { ready: () => Promise.reject(new Error('bound port')) }],
  ])('ends with the error of a part that fails %s, after the others were put away', async (_, broken) => {
    const { manager, log, part, end } = newManager();
    manager.add(part('health', 'servers'), part('hook', 'webhooks', broken));
    await expect(manager.run(end.signal)).rejects.toThrow('hook failed: bound port');
    expect(log).toContain('-health');
  });

  test('goes on when a part has simply finished', async () => {
    const { manager, part, log, end } = newManager();
    manager.add(part('once', 'always', { run: async () => void log.push('once') }), part('controller', 'leader'));
    const running = manager.run(end.signal);
    await settled();
    expect(log).toEqual(['once', '+controller']);
    end.abort();
    await running;
  });

  test('names what does not stop in time', async () => {
    const { manager, part, clock, end } = newManager({ stopTimeoutMs: 5_000 });
    manager.add(part('stuck', 'always', { run: () => new Promise(() => {}) }), part('health', 'servers'));
    const running = manager.run(end.signal);
    await settled();
    end.abort();
    await settled();
    clock.advance(5_000);
    await expect(running).rejects.toThrow('still running after the time to stop: health, stuck');
  });

  test('refuses two parts of one name, and parts that come too late', async () => {
    const { manager, part, end } = newManager();
    manager.add(part('a', 'always'));
    expect(() => manager.add(part('a', 'leader'))).toThrow('there is a runnable a already');
    const running = manager.run(end.signal);
    expect(() => manager.add(part('b', 'leader'))).toThrow('runs already');
    end.abort();
    await running;
  });
});

describe('with an election', () => {
  test('the leader group runs only while the Lease is held, which is given back after it has stopped', async () => {
    const server = new MemoryClient();
    const clock = new ManualClock();
    const { manager, part, log, end } = newManager({ clock, election: electionOf(server, clock) });
    server.before = ({ verb }) => {
      if (verb === 'replace') log.push('lease written');
    };
    manager.add(part('cache', 'caches'), part('controller', 'leader'));
    const running = manager.run(end.signal);
    await settled();
    end.abort();
    await running;
    expect(log).toEqual(['+cache', '+controller', '-controller', 'lease written', '-cache']);
    expect((await server.get(leases, { namespace: 'kaito', name: 'operator' })).spec?.holderIdentity).toBe('');
  });

  test('that was lost, the manager ends with an error', async () => {
    const clock = new ManualClock();
    const { manager, part, log, end } = newManager({ clock, election: electionOf(new MemoryClient(), clock) });
    manager.add(part('cache', 'caches'), part('controller', 'leader'));
    const running = manager.run(end.signal);
    await settled();
    clock.pause(20_000);
    clock.advance(0);
    await expect(running).rejects.toThrow('leadership of operator was lost');
    expect(log).toEqual(['+cache', '+controller', '-controller', '-cache']);
  });

  test('that was lost, the manager stands again where it is asked to', async () => {
    const clock = new ManualClock();
    const { manager, part, log, end } = newManager({
      clock,
      election: electionOf(new MemoryClient(), clock),
      onLeadershipLost: 'stand-again',
    });
    manager.add(part('controller', 'leader'));
    const running = manager.run(end.signal);
    await settled();
    clock.pause(20_000);
    clock.advance(0);
    await settled();
    await settled();
    expect(log).toEqual(['+controller', '-controller', '+controller']);
    end.abort();
    await running;
  });
});
