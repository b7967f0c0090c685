import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@kaito/kube';
import { ManualClock, settled } from '@kaito/kube/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ArmError } from '../errors/arm-error.ts';
import { openStore } from '../store/sqlite-store.ts';
import { createOperationFaults } from './operation-faults.ts';
import { createOperationQueue } from './operation-queue.ts';

const id = '/subscriptions/s/resourceGroups/g/providers/N/t/pool';
const given = {
  kind: 'test/put',
  subscriptionId: 's',
  location: 'westus3',
  provider: 'N',
  resourceId: id,
  input: {},
  followedBy: 'azure-async-operation',
} as const;

function start(directory?: string) {
  const store = openStore(directory);
  const clock = new ManualClock();
  const faults = createOperationFaults();
  const queue = createOperationQueue({ store, clock, logger: silentLogger, faults, durationMs: 1000 });
  const ending = new AbortController();
  const worked: string[] = [];
  queue.worker('test/put', async ({ resourceId }) => {
    worked.push(resourceId);
    const resource = store.get(resourceId)!;
    store.put({ ...resource, properties: { provisioningState: 'Succeeded' } });
    await Promise.resolve();
  });
  const run = (): Promise<void> => queue.run(ending.signal);
  onTestFinished(() => ending.abort(new Error('the test is over')));
  const state = (): unknown => store.get(id)?.properties['provisioningState'];
  return { store, clock, faults, queue, worked, run, state, end: () => ending.abort(new Error('killed')) };
}

const creating = { id, name: 'pool', type: 'N/t', properties: { provisioningState: 'Creating' } };

test('an operation takes its time, then it is done', async () => {
  const { store, clock, queue, run, state } = start();
  void run();
  store.put(creating);
  const begun = queue.begin(given);
  await settled();
  expect(queue.find(begun.id)?.status).toBe('InProgress');
  expect(queue.underWay('/subscriptions/S/resourceGroups/G')).toHaveLength(1);
  clock.advance(1000);
  await settled();
  expect(queue.find(begun.id)).toMatchObject({ status: 'Succeeded', endTime: clock.now().toISOString() });
  expect(state()).toBe('Succeeded');
  expect(queue.underWay(id)).toEqual([]);
});

test('one that was under way at a kill is carried out after the next start', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'operations-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const first = start(directory);
  void first.run();
  first.store.put(creating);
  const begun = first.queue.begin(given);
  await settled();
  first.end();
  await settled();
  const second = start(directory);
  expect(second.queue.find(begun.id)?.status).toBe('InProgress');
  void second.run();
  second.clock.advance(1000);
  await settled();
  expect(second.queue.find(begun.id)?.status).toBe('Succeeded');
  expect(second.worked).toEqual([id]);
});

test('faults: one fails late, one fails after its work, one never ends until it is released', async () => {
  const { store, clock, faults, queue, run, worked, state } = start();
  void run();
  const error = { code: 'AllocationFailed', message: 'no machine' };
  const pass = async (): Promise<void> => {
    clock.advance(1000);
    await settled();
  };

  faults.add({ match: 'test/put', error });
  store.put(creating);
  const late = queue.begin(given);
  await pass();
  expect(queue.find(late.id)).toMatchObject({ status: 'Failed', error });
  expect([worked, state()]).toEqual([[], 'Failed']);

  faults.add({ error, afterWork: true });
  store.put(creating);
  const after = queue.begin(given);
  await pass();
  expect(queue.find(after.id)).toMatchObject({ status: 'Failed', error });
  expect(worked).toEqual([id]);

  faults.add({ hang: true });
  const endless = queue.begin(given);
  await pass();
  await pass();
  expect(queue.find(endless.id)?.status).toBe('InProgress');
  queue.release(endless.id);
  await settled();
  expect(queue.find(endless.id)?.status).toBe('Succeeded');

  faults.add({ match: 'other/kind', error });
  const untouched = queue.begin(given);
  await pass();
  expect(queue.find(untouched.id)?.status).toBe('Succeeded');
});

test('a worker that refuses fails its operation in its own words; a defect is no secret either', async () => {
  const { clock, queue, run } = start();
  void run();
  const failures: string[] = [];
  queue.worker(
    'test/refuse',
    () => Promise.reject(new ArmError(409, 'QuotaExceeded', 'too many')),
    (_, { code }) => void failures.push(code),
  );
  const refused = queue.begin({ ...given, kind: 'test/refuse' });
  const nobody = queue.begin({ ...given, kind: 'test/nobody' });
  await settled();
  clock.advance(1000);
  await settled();
  expect(queue.find(refused.id)).toMatchObject({
    status: 'Failed',
    error: { code: 'QuotaExceeded', message: 'too many' },
  });
  expect(failures).toEqual(['QuotaExceeded']);
  expect(queue.find(nobody.id)?.status).toBe('Failed');
});
