import { describe, expect, test } from 'vitest';
import { leaders, leaseRef as ref, pass, stand } from '../testing/candidate.ts';
import { settled } from '../testing/manual-clock.ts';
import { MemoryClient } from '../testing/memory-client.ts';
import { leases, microTime } from './lease.ts';

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

test('MicroTime has six digits', () => {
  expect(microTime(new Date('2026-01-02T03:04:05.006Z'))).toBe('2026-01-02T03:04:05.006000Z');
});
