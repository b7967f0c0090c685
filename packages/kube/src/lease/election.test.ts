import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConnectionError } from '../client/errors.ts';
import { silentLogger } from '../logger.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { MemoryClient } from '../testing/memory-client.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import { createElection } from './election.ts';
import type { Election, ElectionOptions } from './election.ts';
import { leaderGuard } from './leader-guard.ts';
import { leases, microTime } from './lease.ts';

interface Candidate {
  readonly election: Election;
  readonly clock: ManualClock;
  /** Its connection; `before` cuts it off from the others' server. */
  readonly connection: { up: boolean };
  readonly terms: { started: number; ended: number };
  readonly result: Promise<'stopped' | 'lost'>;
  stop(): Promise<'stopped' | 'lost'>;
}

const ref = { namespace: 'kaito', name: 'operator' };

/** A candidate with clocks of its own. */
function stand(
  server: MemoryClient,
  identity: string,
  options: Partial<ElectionOptions> & { readonly wall?: string } = {},
): Candidate {
  const clock = new ManualClock(options.wall);
  const connection = { up: true };
  const client = new Proxy(server, {
    get(target, method) {
      const member: unknown = Reflect.get(target, method, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) =>
        connection.up
          ? (member as (...given: unknown[]) => unknown).apply(target, given)
          : Promise.reject(new ConnectionError('cut'));
    },
  });
  const election = createElection({
    client,
    ...ref,
    identity,
    clock,
    logger: silentLogger,
    random: () => 0,
    ...options,
  });
  const end = new AbortController();
  const terms = { started: 0, ended: 0 };
  const result = election.run(end.signal, async (signal) => {
    terms.started += 1;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    terms.ended += 1;
  });
  return {
    election,
    clock,
    connection,
    terms,
    result,
    stop() {
      end.abort(new Error('stop'));
      return result;
    },
  };
}

async function pass(candidates: readonly Candidate[], ms: number, step = 500): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    for (const { clock } of candidates) clock.advance(step);
    await settled();
  }
}

const leaders = (candidates: readonly Candidate[]) =>
  candidates.filter(({ election }) => election.isLeader()).map(({ election }) => election.identity);

describe('an election', () => {
  test('is won at once where there is no Lease, and its record is as kubectl and others read it', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    expect(leaders([a])).toEqual(['a']);
    expect(a.election.holder).toBe('a');
    expect((await server.get(leases, ref)).spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await pass([a], 2_000);
    expect((await server.get(leases, ref)).spec).toMatchObject({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:02.000000Z',
      leaseTransitions: 0,
    });
    await a.stop();
  });

  test('goes to the other within seconds of a stop, since the Lease is given back after the work has ended', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    const b = stand(server, 'b');
    await pass([a, b], 4_000);
    expect(leaders([a, b])).toEqual(['a']);
    expect(b.election.holder).toBe('a');
    expect(await a.stop()).toBe('stopped');
    expect((await server.get(leases, ref)).spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await pass([b], 2_000);
    expect(leaders([a, b])).toEqual(['b']);
    expect((await server.get(leases, ref)).spec).toMatchObject({
      holderIdentity: 'b',
      leaseTransitions: 1,
      leaseDurationSeconds: 15,
    });
    await b.stop();
  });

  test('is not given back where that is not wanted', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a', { releaseOnStop: false });
    await settled();
    await a.stop();
    expect((await server.get(leases, ref)).spec?.holderIdentity).toBe('a');
  });

  test('of a leader that has died goes to another only after the whole duration it has itself seen no renewal', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    await pass([a], 4_000);
    a.connection.up = false;
    const b = stand(server, 'b');
    await settled();
    await pass([b], 14_500);
    expect(leaders([b])).toEqual([]);
    await pass([b], 3_000);
    expect(leaders([b])).toEqual(['b']);
    await Promise.all([a.stop(), b.stop()]);
  });

  test.each(['2020-01-01T00:00:00Z', '2040-01-01T00:00:00Z'])(
    'does not care that the other clock says %s',
    async (wall) => {
      const server = new MemoryClient();
      const a = stand(server, 'a');
      await settled();
      const b = stand(server, 'b', { wall });
      await pass([a, b], 40_000);
      expect(leaders([a, b])).toEqual(['a']);
      await Promise.all([a.stop(), b.stop()]);
    },
  );

  test('is lost at the renew deadline when no renewal gets through', async () => {
    const a = stand(new MemoryClient(), 'a');
    await settled();
    a.connection.up = false;
    await pass([a], 9_500);
    expect(a.election.isLeader()).toBe(true);
    await pass([a], 500);
    expect(a.election.isLeader()).toBe(false);
    expect(a.terms).toEqual({ started: 1, ended: 1 });
    expect(await a.result).toBe('lost');
  });

  test('survives failures that are shorter than the deadline', async () => {
    const a = stand(new MemoryClient(), 'a');
    await settled();
    for (let time = 0; time < 5; time += 1) {
      a.connection.up = false;
      await pass([a], 7_000);
      a.connection.up = true;
      await pass([a], 3_000);
    }
    expect(leaders([a])).toEqual(['a']);
    expect(a.terms).toEqual({ started: 1, ended: 0 });
    await a.stop();
  });

  test('is lost at once when another is found to hold the Lease', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    await server.patch(leases, ref, { type: 'merge', body: { spec: { holderIdentity: 'thief' } } });
    await pass([a], 5_000);
    expect(await a.result).toBe('lost');
    expect((await server.get(leases, ref)).spec?.holderIdentity).toBe('thief');
  });

  test('survives others who write to the Lease without taking it', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    await server.patch(leases, ref, { type: 'merge', body: { metadata: { labels: { seen: 'yes' } } } });
    await pass([a], 20_000);
    expect(leaders([a])).toEqual(['a']);
    expect((await server.get(leases, ref)).metadata.labels).toEqual({ seen: 'yes' });
    await a.stop();
  });

  test('goes on when the Lease is deleted', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    await server.delete(leases, ref);
    await pass([a], 6_000);
    expect(leaders([a])).toEqual(['a']);
    expect((await server.get(leases, ref)).spec?.holderIdentity).toBe('a');
    await a.stop();
  });

  test('is over for a process that stood still, before any of its timers has fired', async () => {
    const a = stand(new MemoryClient(), 'a');
    await settled();
    a.clock.pause(10_000);
    expect(a.election.isLeader()).toBe(false);
    expect(a.election.term?.signal.aborted).toBe(true);
    expect(await a.result).toBe('lost');
  });

  test('is over for a machine that was suspended, where only the wall clock went on', async () => {
    const a = stand(new MemoryClient(), 'a');
    await settled();
    a.clock.setWall('2026-01-01T00:01:00Z');
    expect(a.election.isLeader()).toBe(false);
    await settled();
    expect(await a.result).toBe('lost');
  });

  test('is not won by an answer that comes after the renew deadline; the next try wins it', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    server.before = ({ verb }) => {
      if (verb === 'create') a.clock.pause(10_000);
    };
    await settled();
    expect((await server.get(leases, ref)).spec?.holderIdentity).toBe('a');
    expect(a.election.isLeader()).toBe(false);
    await pass([a], 2_000);
    expect(a.election.isLeader()).toBe(true);
    expect(a.terms).toEqual({ started: 1, ended: 0 });
    await a.stop();
  });

  test('counts from the beginning of the request that renewed it, not from its answer', async () => {
    const server = new MemoryClient();
    const a = stand(server, 'a');
    await settled();
    server.before = ({ verb }) => {
      if (verb === 'replace') a.clock.pause(4_000);
    };
    await pass([a], 2_000, 2_000);
    a.connection.up = false;
    await pass([a], 5_500);
    expect(a.election.isLeader()).toBe(true);
    await pass([a], 500);
    expect(a.election.isLeader()).toBe(false);
    await a.result;
  });

  test('refuses durations in the wrong order', () => {
    expect(() => stand(new MemoryClient(), 'a', { leaseDurationMs: 5_000 })).toThrow(RangeError);
  });

  test('tells the metric', async () => {
    const told: boolean[] = [];
    const a = stand(new MemoryClient(), 'a', { onLeading: (leading) => told.push(leading) });
    await settled();
    await a.stop();
    expect(told).toEqual([false, true, false]);
  });
});

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

test('MicroTime has six digits', () => {
  expect(microTime(new Date('2026-01-02T03:04:05.006Z'))).toBe('2026-01-02T03:04:05.006000Z');
});

test('whatever is cut off, stands still or dies, never two lead at once, and one leads in the end', async () => {
  const trouble = fc.record({
    who: fc.nat(2),
    what: fc.constantFrom('cut', 'join', 'pause', 'pass', 'pass'),
    ms: fc.integer({ min: 1, max: 40 }).map((half) => half * 500),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { minLength: 1, maxLength: 25 }), async (troubles) => {
      const server = new MemoryClient();
      let born = 0;
      const candidates = [0, 1, 2].map(() =>
        stand(server, `c${(born += 1)}`, { wall: `20${10 + born}-01-01T00:00:00Z` }),
      );
      const frozen = new Map<Candidate, number>();
      let most = 0;
      const tick = async (ms: number) => {
        for (let passed = 0; passed < ms; passed += 500) {
          for (const [at, candidate] of candidates.entries()) {
            const left = frozen.get(candidate) ?? 0;
            if (left > 0) candidate.clock.pause(500);
            else candidate.clock.advance(500);
            frozen.set(candidate, left - 500);
            if (candidate.terms.ended > 0) candidates[at] = stand(server, `c${(born += 1)}`);
          }
          await settled();
          // A process that stands still can do nothing; what counts is what it would believe on waking.
          most = Math.max(most, leaders(candidates).length);
        }
      };
      for (const { who, what, ms } of troubles) {
        const candidate = candidates[who]!;
        if (what === 'cut') candidate.connection.up = false;
        if (what === 'join') candidate.connection.up = true;
        if (what === 'pause') frozen.set(candidate, ms);
        await tick(what === 'pass' ? ms : 500);
      }
      for (const candidate of candidates) {
        candidate.connection.up = true;
        frozen.delete(candidate);
      }
      await tick(40_000);
      expect(most).toBe(1);
      expect(leaders(candidates)).toHaveLength(1);
      await Promise.all(candidates.map((candidate) => candidate.stop()));
    }),
    { numRuns: 25 },
  );
});
