import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createInformer } from '../informer/create-informer.ts';
import { silentLogger } from '../logger.ts';
import { configMaps } from '../resources.ts';
import { testCluster } from './cluster.ts';
import type { TestCluster } from './cluster.ts';
import { eventually, eventuallyGone, eventuallyOne } from './eventually.ts';

let cluster: TestCluster;
let namespace: string;
beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
});
afterAll(() => cluster.close());

const make = (name: string) =>
  cluster.applyYaml(`{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} }, data: { a: "1" } }`, namespace);

test('what is so already, what becomes so, and what goes', async () => {
  const { client } = cluster;
  await make('there');
  const ref = { namespace, name: 'there' };
  expect((await eventuallyOne(client, configMaps, ref, ({ data }) => data?.['a'] === '1')).metadata.name).toBe('there');
  const later = eventuallyOne(client, configMaps, ref, ({ data }) => data?.['a'] === '2');
  await client.patch(configMaps, ref, { type: 'merge', body: { data: { a: '2' } } });
  expect((await later).data).toEqual({ a: '2' });
  const gone = eventuallyGone(client, configMaps, ref);
  await client.delete(configMaps, ref);
  await gone;
});

test('from an informer', async () => {
  const stop = new AbortController();
  const informer = createInformer({
    client: cluster.client,
    resource: configMaps,
    namespace,
    clock: systemClock,
    logger: silentLogger,
  });
  const running = informer.run(stop.signal);
  const found = eventually(informer, (objects) => objects.some(({ metadata }) => metadata.name === 'seen') && 'yes');
  await make('seen');
  expect(await found).toBe('yes');
  stop.abort();
  await running;
});

test('what never comes ends with what there is', async () => {
  await make('other');
  const selection = { client: cluster.client, resource: configMaps, namespace, fieldSelector: 'metadata.name=other' };
  await expect(eventually(selection, () => false, 200)).rejects.toThrow(/not so within 0.2 s; there is: .*"other"/);
});

function fail(): never {
  throw new Error('wrong');
}

test('what the check throws is thrown', async () => {
  const selection = { client: cluster.client, resource: configMaps, namespace };
  await expect(eventually(selection, fail)).rejects.toThrow('wrong');
});
