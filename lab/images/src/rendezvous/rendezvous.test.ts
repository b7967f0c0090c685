import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Heartbeat } from './connection.ts';
import { Gathering } from './gathering.ts';
import type { Job } from './job.ts';
import { takePart } from './membership.ts';

const job: Job = { id: 'job', nodes: 3, processes: 4 };
const patient: Heartbeat = { everyMs: 1000, goneMs: 60_000 };
/** An address of this machine's loopback that nobody else has, so that the port can be fixed. */
const endpoint = () => ({ host: `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`, port: 29_500 });

let stop: AbortController;
let log: string[];
let gatherings: Gathering[];
let place: ReturnType<typeof endpoint>;

beforeEach(() => {
  stop = new AbortController();
  log = [];
  gatherings = [];
  place = endpoint();
});
afterEach(() => {
  stop.abort();
  for (const gathering of gatherings) gathering.close();
});

async function gather(heartbeat = patient, of = job): Promise<Gathering> {
  const gathering = await Gathering.open(of, { ...place, heartbeat, log: (line) => log.push(line) });
  gatherings.push(gathering);
  return gathering;
}

interface Member {
  readonly orders: string[];
  readonly over: Promise<string>;
  readonly leave: () => void;
}

function member(rank: number, of = job, heartbeat = patient): Member {
  const orders: string[] = [];
  const leaving = new AbortController();
  const over = takePart(
    {
      job: of,
      rank,
      endpoint: place,
      heartbeat,
      retryMs: 10,
      log: (line) => log.push(line),
      onOrder: (order) => orders.push(order),
    },
    new AbortController().signal,
    AbortSignal.any([stop.signal, leaving.signal]),
  );
  over.catch(() => {});
  return { orders, over, leave: () => leaving.abort() };
}

async function raw(): Promise<{ readonly socket: Socket; readonly lines: string[] }> {
  const socket = connect(place);
  socket.on('error', () => {});
  await once(socket, 'connect');
  const lines: string[] = [];
  createInterface({ input: socket }).on('line', (line) => lines.push(line));
  return { socket, lines };
}

describe('a rendezvous', () => {
  it('of one node is complete at once', async () => {
    const gathering = await gather(patient, { ...job, nodes: 1 });
    await expect(gathering.round(stop.signal)).resolves.toBeDefined();
  });

  it('starts when the last rank has come, whoever is first', async () => {
    const second = member(2);
    const gathering = await gather();
    const round = gathering.round(stop.signal);
    await expect.poll(() => gathering.missing()).toEqual([1]);
    expect(second.orders).toEqual([]);
    const first = member(1);
    await round;
    await expect.poll(() => [first.orders, second.orders]).toEqual([['start'], ['start']]);
  });

  it('notices who leaves, and is complete again with who comes back', async () => {
    const gathering = await gather();
    const [first, second] = [member(1), member(2)];
    const { left } = await gathering.round(stop.signal);
    second.leave();
    expect(await left).toBe('rank 2 has gone');
    gathering.stop();
    const again = gathering.round(stop.signal);
    member(2);
    await again;
    await expect.poll(() => first.orders).toEqual(['start', 'stop', 'start']);
  });

  it('gives a rank that comes anew its place, though the old one seems alive', async () => {
    const gathering = await gather();
    const old = member(1);
    member(2);
    const { left } = await gathering.round(stop.signal);
    const anew = member(1);
    expect(await left).toBe('rank 1 has gone');
    expect(await old.over).toBe('the connection was closed');
    gathering.stop();
    await gathering.round(stop.signal);
    await expect.poll(() => anew.orders.at(-1)).toBe('start');
  });

  it('counts a rank as gone that falls silent', async () => {
    const two = { ...job, nodes: 2 };
    const gathering = await gather({ everyMs: 10, goneMs: 500 }, two);
    const { socket } = await raw();
    socket.write(`${JSON.stringify({ type: 'join', rank: 1, job: two })}\n`);
    const alive = setInterval(() => socket.write('{"type":"alive"}\n'), 10);
    const { left } = await gathering.round(stop.signal);
    clearInterval(alive);
    expect(await left).toBe('rank 1 has gone');
    expect(log).toContain('Rank 1 has gone: no sign of life for 500 ms.');
    expect(gathering.missing()).toEqual([1]);
    socket.destroy();
  });

  it('tells its ranks by silence too', async () => {
    const gathering = await gather();
    const waiting = member(1, job, { everyMs: 60_000, goneMs: 100 });
    expect(await waiting.over).toBe('no sign of life for 100 ms');
    await expect.poll(() => gathering.missing()).toEqual([1, 2]);
  });

  it.each([
    [1, { ...job, id: 'other' }, 'this is job job, not other'],
    [1, { ...job, nodes: 2 }, 'this job has 3 nodes with 4 processes each, not 2 with 4'],
    [1, { ...job, processes: 1 }, 'this job has 3 nodes with 4 processes each, not 3 with 1'],
    [3, job, 'there is no place for rank 3'],
    [0, job, 'there is no place for rank 0'],
  ])('refuses rank %i of %j', async (rank, of, reason) => {
    await gather();
    expect(await member(rank, of).over).toBe(`it refuses this rank: ${reason}`);
    expect(log).toContain(`A rank was refused: ${reason}.`);
  });

  it.each(['GET / HTTP/1.1\r\n', '{"type":"join","rank":-1,"job":{}}\n', 'x'.repeat(5000), '{"type":"start"}\n'])(
    'cuts off who says %j',
    async (words) => {
      const gathering = await gather();
      const { socket } = await raw();
      socket.write(words);
      await once(socket, 'close');
      expect(gathering.missing()).toEqual([1, 2]);
    },
  );

  it('waits no longer than it is told to', async () => {
    const gathering = await gather();
    const late = AbortSignal.abort(new Error('too late'));
    await expect(gathering.round(late)).rejects.toThrow('too late');
    const giveUp = new AbortController();
    const round = gathering.round(giveUp.signal);
    giveUp.abort(new Error('enough'));
    await expect(round).rejects.toThrow('enough');
  });

  it('that nobody leads is given up when the time is over', async () => {
    const over = takePart(
      {
        job,
        rank: 1,
        endpoint: place,
        heartbeat: patient,
        retryMs: 1,
        log: (line) => log.push(line),
        onOrder: () => {},
      },
      AbortSignal.timeout(50),
      stop.signal,
    );
    await expect(over).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(log).toEqual([`Rank 0 is not there yet: connect ECONNREFUSED ${place.host}:29500.`]);
  });
});
