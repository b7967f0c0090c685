import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../client/client.ts';
import { systemClock } from '../clock.ts';
import { createInformer } from '../informer/create-informer.ts';
import { silentLogger } from '../logger.ts';
import { keyOf, refOf } from '../object.ts';
import { ensureFinalizer, removeFinalizer } from '../objects/finalizers.ts';
import { controllerReference } from '../objects/owners.ts';
import { testCluster } from '../testing/cluster.ts';
import type { TestCluster } from '../testing/cluster.ts';
import { until } from '../testing/until.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { createController, source } from './create-controller.ts';
import { byOwner, itself } from './keys.ts';
import type { Reconcile } from './reconcile.ts';

let client: Client;
let cluster: TestCluster;
let namespace: string;
const writes: string[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  client = cluster.newClient({
    onRequest: ({ verb }) => {
      if (!['get', 'list', 'watch'].includes(verb)) writes.push(verb);
    },
  });
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster.close();
});

const cache = (role: string) =>
  createInformer<ConfigMap>({
    client,
    resource: configMaps,
    namespace: namespace,
    labelSelector: `role=${role}`,
    indexes: { owner: ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid) },
    clock: systemClock,
    logger: silentLogger,
    freeze: true,
  });

const finalizer = 'example.com/parent';

test('each parent gets its child once, a child removed by hand comes back, a deleted parent goes when its finalizer has been seen to', async () => {
  const parents = cache('parent');
  const children = cache('child');
  const errors: unknown[] = [];

  // Children have generated names, so that a cache that lags behind a write would show as a second child.
  const reconcile: Reconcile = async (key) => {
    const found = parents.get(key);
    if (found === undefined) return;
    if (found.metadata.deletionTimestamp !== undefined) {
      const left = await removeFinalizer(client, configMaps, found, finalizer);
      if (left !== undefined) parents.remember(left);
      return;
    }
    const parent = await ensureFinalizer(client, configMaps, found, finalizer);
    parents.remember(parent);
    if (children.byIndex('owner', parent.metadata.uid!).length > 0) return;
    const { name: _, ...metadata } = configMap('x', {
      namespace: namespace,
      generateName: 'child-',
      labels: { role: 'child' },
      ownerReferences: [controllerReference(parent)],
    }).metadata;
    children.remember(await client.create<ConfigMap>(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }));
  };
  const controller = createController({
    name: 'parents',
    sources: [source(parents, itself), source(children, byOwner({ kind: 'ConfigMap', group: '' }))],
    reconcile,
    concurrency: 8,
    clock: systemClock,
    logger: silentLogger,
    onError: (_, error) => errors.push(error),
  });
  const end = new AbortController();
  const running = [parents.run(end.signal), children.run(end.signal), controller.run(end.signal)];
  const changes = (changed: () => void) => {
    const stops = [parents.onChange(changed), children.onChange(changed)];
    return () => stops.forEach((stop) => stop());
  };
  try {
    const names = Array.from({ length: 100 }, (_, at) => `p${at}`);
    await Promise.all(
      names.map((name) =>
        client.create(configMaps, configMap(name, { namespace: namespace, labels: { role: 'parent' } })),
      ),
    );
    await until(() => children.size === 100, changes);
    await controller.idle();
    expect(new Set(children.list().map(({ metadata }) => metadata.ownerReferences![0]!.name))).toEqual(new Set(names));
    expect(writes.filter((verb) => verb === 'create')).toHaveLength(200);
    expect(writes.filter((verb) => verb === 'patch')).toHaveLength(100);
    expect(errors).toEqual([]);

    const victim = children.list()[0]!;
    const owner = victim.metadata.ownerReferences![0]!.uid;
    await client.delete(configMaps, refOf(keyOf(victim)));
    await until(() => {
      const [now] = children.byIndex('owner', owner);
      return now !== undefined && now.metadata.uid !== victim.metadata.uid;
    }, changes);
    expect(children.size).toBe(100);

    await client.delete(configMaps, { namespace: namespace, name: 'p7' });
    await until(() => parents.get(`${namespace}/p7`) === undefined, changes);
    expect(errors).toEqual([]);
  } finally {
    end.abort();
    await Promise.all(running);
  }
});
