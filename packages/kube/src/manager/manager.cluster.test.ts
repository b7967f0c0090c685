import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../client/client.ts';
import { systemClock } from '../clock.ts';
import { createController, source } from '../controller/create-controller.ts';
import { itself } from '../controller/keys.ts';
import { createEventRecorder, events, flushOnStop } from '../events/create-recorder.ts';
import { cacheOf, createInformer } from '../informer/create-informer.ts';
import { createElection } from '../lease/election.ts';
import { leaderGuard } from '../lease/leader-guard.ts';
import { leases } from '../lease/lease.ts';
import { silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { testCluster } from '../testing/cluster.ts';
import type { TestCluster } from '../testing/cluster.ts';
import { until } from '../testing/until.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { healthServer, metricsServer } from './http-server.ts';
import { createManager } from './manager.ts';

let client: Client;
let cluster: TestCluster;
let namespace: string;
const register = new Registry();
const metrics = createMetrics(register);

beforeAll(async () => {
  cluster = await testCluster();
  client = cluster.newClient({
    onRequest: ({ code, host, method }) => metrics.request(code === undefined ? '<error>' : String(code), host, method),
  });
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster.close();
});

test('a whole operator starts, is ready, works as the leader, shows its metrics, and stops leaving the Lease free', async () => {
  const clock = systemClock;
  const logger = silentLogger;
  const election = createElection({
    client,
    namespace: namespace,
    name: 'operator',
    identity: 'one',
    clock,
    logger,
    onLeading: (leading) => metrics.leading('operator', leading),
  });
  const writing = leaderGuard(client, election);
  const recorder = createEventRecorder({ client, component: 'test', instance: 'one', clock, logger });
  const informer = createInformer<ConfigMap>({
    client,
    resource: configMaps,
    namespace: namespace,
    labelSelector: 'count=me',
    clock,
    logger,
    freeze: true,
  });
  const controller = createController({
    name: 'marks',
    sources: [source(informer, itself)],
    clock,
    logger,
    metrics: metrics.controller('marks', 1),
    async reconcile(key) {
      const object = informer.get(key);
      if (object === undefined || object.data?.['marked'] === 'yes') return;
      const ref = { namespace: namespace, name: object.metadata.name! };
      informer.remember(await writing.patch(configMaps, ref, { type: 'merge', body: { data: { marked: 'yes' } } }));
      recorder.record(object, { type: 'Normal', reason: 'Marked', message: 'it is marked' });
    },
  });
  const manager = createManager({ clock, logger, election });
  const health = healthServer({ host: '127.0.0.1', port: 0, ready: () => manager.checks });
  const numbers = metricsServer({ host: '127.0.0.1', port: 0, register });
  manager.add(controller, flushOnStop(recorder), cacheOf(informer), health, numbers);
  const end = new AbortController();
  const running = manager.run(end.signal);
  await Promise.race([manager.started(), running]);
  const ready = await fetch(`${health.url}/readyz?verbose`);
  expect([ready.status, await ready.text()]).toEqual([
    200,
    '[+]ping ok\n[+]started ok\n[+]configmaps ok\nreadyz check passed\n',
  ]);

  await client.create(configMaps, configMap('a', { namespace: namespace, labels: { count: 'me' } }));
  await until(
    () => informer.list().some(({ data }) => data?.['marked'] === 'yes'),
    (changed) => informer.onChange(changed),
  );
  await controller.idle();
  const shown = await (await fetch(`${numbers.url}/metrics`)).text();
  expect(shown).toContain('leader_election_master_status{name="operator"} 1');
  expect(shown).toMatch(/controller_runtime_reconcile_total\{controller="marks",result="success"\} [12]\n/);
  expect(shown).toMatch(/rest_client_requests_total\{code="201",host="[^"]+",method="POST"\} \d+/);

  end.abort();
  await running;
  const lease = await client.get(leases, { namespace: namespace, name: 'operator' });
  expect(lease.spec?.holderIdentity).toBe('');
  const { items } = await client.list(events, { namespace: namespace });
  expect(items.map((event) => (event as unknown as { reason: string }).reason)).toEqual(['Marked']);
  await expect(fetch(`${health.url}/readyz`)).rejects.toThrow('fetch failed');
  await expect(writing.delete(configMaps, { namespace: namespace, name: 'a' })).rejects.toThrow('not the leader');
});
