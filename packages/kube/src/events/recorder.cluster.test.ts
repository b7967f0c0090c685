import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../client/client.ts';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { testCluster } from '../testing/cluster.ts';
import type { TestCluster } from '../testing/cluster.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import { createEventRecorder } from './create-recorder.ts';

let client: Client;
let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  client = cluster.newClient();
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster.close();
});

const kubectl = async (...given: string[]) =>
  (await promisify(execFile)('kubectl', ['-n', namespace, ...given])).stdout;

test('events show in kubectl describe and kubectl get events, counted and in order', async () => {
  const recorder = createEventRecorder({
    client,
    component: 'kaito-workspace',
    instance: 'pod-1',
    clock: systemClock,
    logger: silentLogger,
  });
  const object = await client.create(configMaps, configMap('subject', { namespace: namespace }));
  recorder.record(object, { type: 'Normal', reason: 'NodesRequested', message: 'two nodes were asked for' });
  await recorder.flush();
  for (let time = 0; time < 3; time += 1)
    recorder.record(object, { type: 'Warning', reason: 'QuotaExceeded', message: 'no quota left' });
  await recorder.flush();
  recorder.record(object, { type: 'Warning', reason: 'QuotaExceeded', message: 'no quota left' });
  await recorder.flush();

  const described = await kubectl('describe', 'configmap', 'subject');
  const shown = described.slice(described.indexOf('Events:'));
  expect(shown).toMatch(/Type\s+Reason\s+Age\s+From\s+Message/);
  expect(shown).toMatch(/^\s+Normal\s+NodesRequested\s+\S+\s+kaito-workspace\s+two nodes were asked for$/m);
  expect(shown).toMatch(/^\s+Warning\s+QuotaExceeded\s+\S+ \(x4 over \S+\)\s+kaito-workspace\s+no quota left$/m);

  const listed = await kubectl('get', 'events', '--sort-by=.lastTimestamp', '--no-headers');
  const lines = listed
    .trim()
    .split('\n')
    .map((line) => line.split(/\s{2,}/));
  // Both are of the same second, so their order is nobody's.
  expect(lines.map((line) => line.slice(1).join(' | ')).toSorted()).toEqual([
    'Normal | NodesRequested | configmap/subject | two nodes were asked for',
    'Warning | QuotaExceeded | configmap/subject | no quota left',
  ]);
  for (const [lastSeen] of lines) expect(lastSeen).toMatch(/^\d+s$/);
});
