import { describe, expect, test } from 'vitest';
import { ConnectionError } from '../client/errors.ts';
import { silentLogger } from '../logger.ts';
import type { KubeObject } from '../object.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { MemoryClient, refusal } from '../testing/memory-client.ts';
import { configMap } from '../testing/objects.ts';
import { createEventRecorder, events } from './create-recorder.ts';
import type { EventContent } from './recorder.ts';

interface Written extends KubeObject {
  readonly count: number;
  readonly message: string;
  readonly reason: string;
}

function newRecorder(client = new MemoryClient(), rate = { perSecond: 1_000, burst: 1_000 }) {
  const clock = new ManualClock();
  const recorder = createEventRecorder({
    client,
    component: 'kaito-workspace',
    instance: 'pod-1',
    rate,
    clock,
    logger: silentLogger,
  });
  const written = async () => (await client.list(events)).items as unknown as readonly Written[];
  const writes = () => client.calls.filter(({ verb }) => verb !== 'list').map(({ verb }) => verb);
  return { clock, recorder, client, written, writes };
}

const about = configMap('a', { uid: 'u', resourceVersion: '7', annotations: { large: 'x' } });
const ready: EventContent = { type: 'Normal', reason: 'Ready', message: 'it serves' };

describe('an event', () => {
  test('is written as kubectl shows it', async () => {
    const { recorder, written } = newRecorder();
    recorder.record(about, { ...ready, action: 'Serve' });
    await recorder.flush();
    const [event] = await written();
    expect(event).toMatchObject({
      involvedObject: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'a',
        namespace: 'default',
        uid: 'u',
        resourceVersion: '7',
      },
      metadata: { namespace: 'default' },
      type: 'Normal',
      reason: 'Ready',
      action: 'Serve',
      message: 'it serves',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      source: { component: 'kaito-workspace' },
      reportingComponent: 'kaito-workspace',
      reportingInstance: 'pod-1',
    });
    expect(event!.metadata.name).toMatch(/^a\.[0-9a-f]{16}$/);
  });

  test('of an object without a namespace is in default', async () => {
    const { recorder, written } = newRecorder();
    recorder.record({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'n' } }, ready);
    await recorder.flush();
    expect((await written())[0]!.metadata.namespace).toBe('default');
  });

  test('that comes again is counted: at once what came before the first write, the rest no more often than every 15 s', async () => {
    const { recorder, written, writes, clock } = newRecorder();
    recorder.record(about, ready);
    recorder.record(about, ready);
    await settled();
    expect((await written()).map(({ count }) => count)).toEqual([2]);
    for (let second = 0; second < 14; second += 1) {
      clock.advance(1_000);
      recorder.record(about, ready);
      await settled();
    }
    expect(writes()).toEqual(['create']);
    clock.advance(1_000);
    await settled();
    expect((await written()).map(({ count }) => count)).toEqual([16]);
    expect(writes()).toEqual(['create', 'patch']);
    clock.advance(1e6);
    await settled();
    expect(writes()).toEqual(['create', 'patch']);
    expect(clock.pending).toBe(0);
  });

  test('that comes again after two quiet minutes is a new one; so is another message, reason, type or object', async () => {
    const { recorder, written, clock } = newRecorder();
    recorder.record(about, ready);
    await settled();
    clock.advance(120_000);
    recorder.record(about, ready);
    recorder.record(about, { ...ready, message: 'other' });
    recorder.record(about, { ...ready, reason: 'Other' });
    recorder.record(about, { ...ready, type: 'Warning' });
    recorder.record(configMap('a', { uid: 'v' }), ready);
    await recorder.flush();
    expect((await written()).map(({ count }) => count)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('is created again when the server has forgotten it', async () => {
    const { recorder, client, written, clock } = newRecorder();
    recorder.record(about, ready);
    await settled();
    await client.deleteCollection(events);
    clock.advance(20_000);
    recorder.record(about, ready);
    await recorder.flush();
    expect((await written()).map(({ count }) => count)).toEqual([2]);
  });

  test('is cut to what the API server takes', async () => {
    const { recorder, written } = newRecorder();
    recorder.record(about, { type: 'Normal', reason: 'R'.repeat(200), message: 'm'.repeat(2_000) });
    await recorder.flush();
    const [event] = await written();
    expect([event!.reason.length, event!.message.length, event!.message.at(-1)]).toEqual([128, 1_024, '…']);
  });
});

describe('a failed write', () => {
  test('is tried again, then dropped, and harms no later event', async () => {
    const { recorder, client, written, writes } = newRecorder();
    client.before = () => {
      throw new ConnectionError('reset');
    };
    recorder.record(about, ready);
    await recorder.flush();
    expect(writes()).toEqual(['create', 'create', 'create', 'create']);
    client.before = () => {};
    recorder.record(about, { ...ready, message: 'other' });
    await recorder.flush();
    expect((await written()).map(({ message }) => message)).toEqual(['other']);
  });

  test.each([
    [403, 'Forbidden'],
    [422, 'Invalid'],
  ])('that was refused with %d is not tried again', async (code, reason) => {
    const { recorder, client, writes } = newRecorder();
    client.before = () => {
      throw refusal(code, reason);
    };
    recorder.record(about, ready);
    await recorder.flush();
    expect(writes()).toEqual(['create']);
  });
});

test('writes keep to their rate, and what nobody writes is not kept for ever', async () => {
  const { recorder, clock, writes } = newRecorder(new MemoryClient(), { perSecond: 10, burst: 5 });
  for (let at = 0; at < 5_000; at += 1) recorder.record(about, { ...ready, message: `m${at}` });
  await settled();
  const burst = writes().length;
  expect(burst).toBe(5);
  for (let tenth = 0; tenth < 20; tenth += 1) {
    clock.advance(100);
    await settled();
  }
  expect(writes().length).toBe(25);
  const flushed = recorder.flush();
  for (let second = 0; second < 5_000 && clock.pending > 0; second += 1) {
    clock.advance(clock.nextIn);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await flushed;
  expect(writes().length).toBeLessThanOrEqual(4_096 + 25);
});

test('a flush that must end in time drops what is left and leaves no timer', async () => {
  const { recorder, clock, client, writes } = newRecorder(new MemoryClient(), { perSecond: 1, burst: 1 });
  for (let at = 0; at < 10; at += 1) recorder.record(about, { ...ready, message: `m${at}` });
  client.before = ({ verb }) => {
    if (verb === 'create' && writes().length === 2) throw new ConnectionError('reset');
  };
  const flushed = recorder.flush(2_500);
  await settled();
  for (let time = 0; time < 5; time += 1) {
    clock.advance(500);
    await settled();
  }
  await flushed;
  expect(writes().length).toBe(3);
  clock.advance(60_000);
  await settled();
  expect(writes().length).toBe(3);
  expect(clock.pending).toBe(0);
});
