import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMaps, leases, namespaces, nodes } from '../resources.ts';
import { testCluster } from '../testing/index.ts';
import type { TestCluster } from '../testing/index.ts';
import { isExpired } from './errors.ts';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
});
afterAll(() => cluster.close());

test('resume where the last one ended', async () => {
  const { client } = cluster;
  const own = await cluster.namespace();
  const make = (name: string) =>
    client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: own } });
  const { resourceVersion } = await client.list(configMaps, {
    namespace: own,
    labelSelector: '!kubernetes.io/none',
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
  });
  const selection = { namespace: own, fieldSelector: 'metadata.name!=kube-root-ca.crt', timeoutSeconds: 60 };
  await make('w1');
  let last = resourceVersion;
  for await (const event of client.watch(configMaps, { ...selection, resourceVersion })) {
    if (event.type === 'BOOKMARK') continue;
    expect([event.type, event.object.metadata.name]).toEqual(['ADDED', 'w1']);
    last = event.object.metadata.resourceVersion!;
    break;
  }
  await client.patch(configMaps, { namespace: own, name: 'w1' }, { type: 'merge', body: { data: { a: 'ü' } } });
  await client.delete(configMaps, { namespace: own, name: 'w1' });
  const seen: string[] = [];
  for await (const event of client.watch(configMaps, { ...selection, resourceVersion: last })) {
    if (event.type === 'BOOKMARK') continue;
    seen.push(event.type);
    expect(event.object).toMatchObject({ data: { a: 'ü' } });
    if (event.type === 'DELETED') break;
  }
  expect(seen).toEqual(['MODIFIED', 'DELETED']);
});

test('begin with what there is, and say when that is over', async () => {
  const seen: string[] = [];
  const options = {
    sendInitialEvents: true,
    resourceVersion: '',
    fieldSelector: 'metadata.name=default',
    timeoutSeconds: 30,
  };
  for await (const event of cluster.client.watch(namespaces, options)) {
    if (event.type !== 'BOOKMARK') seen.push(event.object.metadata.name!);
    else if (event.initialEventsEnd) break;
  }
  expect(seen).toEqual(['default']);
});

test('end when the server says so', async () => {
  for await (const event of cluster.client.watch(nodes, {
    resourceVersion: '0',
    fieldSelector: 'metadata.name=none-such',
    timeoutSeconds: 1,
  }))
    expect(event.type).toBe('BOOKMARK');
});

test('from a state the server has forgotten are expired', async () => {
  const { client } = cluster;
  const watch = async () => {
    for await (const _ of client.watch(configMaps, { namespace, resourceVersion: '1', timeoutSeconds: 30 })) break;
  };
  await expect(watch()).rejects.toSatisfy(isExpired);
});

test('a Lease passes a queue of limited calls', async () => {
  const client = cluster.newClient({ qps: 0.001, burst: 1 });
  await client.get(namespaces, { name: 'default' });
  const abort = new AbortController();
  const waiting = client.get(namespaces, { name: 'default' }, { signal: abort.signal });
  await client.create(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l', namespace },
  });
  for await (const event of client.watch(leases, { namespace, sendInitialEvents: true, timeoutSeconds: 30 })) {
    if (event.type !== 'BOOKMARK') expect(event.object.metadata.name).toBe('l');
    break;
  }
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
