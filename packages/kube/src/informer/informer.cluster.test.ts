import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../client/client.ts';
import { isExpired } from '../client/errors.ts';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { keyOf } from '../object.ts';
import { testCluster } from '../testing/cluster.ts';
import type { TestCluster } from '../testing/cluster.ts';
import { until } from '../testing/until.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { createInformer } from './create-informer.ts';
import type { ReflectedInformer } from './create-informer.ts';

let client: Client;
let cluster: TestCluster;
let namespace: string;
const wire: string[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  client = cluster.newClient({ onRequest: ({ verb }) => wire.push(verb) });
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster.close();
});

const labelled = (name: string, label: string, data: Record<string, string> = {}): ConfigMap =>
  configMap(name, { namespace: namespace, labels: { test: label }, data });

/** Does all, so many at once. */
async function each<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>, atOnce = 16): Promise<void> {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = rest.pop(); item !== undefined; item = rest.pop()) await work(item);
    }),
  );
}

async function following(
  through: Client,
  labelSelector: string,
  work: (informer: ReflectedInformer<ConfigMap>) => Promise<void>,
): Promise<void> {
  const informer = createInformer<ConfigMap>({
    client: through,
    resource: configMaps,
    namespace: namespace,
    labelSelector,
    indexes: { parity: (object) => [object.data?.['parity'] ?? 'none'] },
    clock: systemClock,
    logger: silentLogger,
    freeze: true,
  });
  const end = new AbortController();
  const running = informer.run(end.signal);
  try {
    await informer.whenSynced();
    await work(informer);
  } finally {
    end.abort();
    await running;
  }
}

const versions = (objects: readonly ConfigMap[]) =>
  objects.map((one) => `${keyOf(one)}@${one.metadata.resourceVersion}`).toSorted();

async function sameAsServer(informer: ReflectedInformer<ConfigMap>, labelSelector: string): Promise<void> {
  const { items } = await client.list(configMaps, { namespace: namespace, labelSelector });
  const wanted = versions(items).join();
  await until(
    () => versions(informer.list()).join() === wanted,
    (changed) => informer.onChange(changed),
  );
  for (const value of ['even', 'odd', 'none']) {
    const found = informer.byIndex('parity', value);
    expect(versions(found)).toEqual(versions(items.filter((one) => (one.data?.['parity'] ?? 'none') === value)));
  }
}

describe('on the real API server', () => {
  test('an informer follows a thousand objects that come, change and go, with one list and one watch', async () => {
    const label = 'churn';
    const names = Array.from({ length: 1_000 }, (_, at) => `m${at}`);
    await each(names.slice(0, 300), (name) => client.create(configMaps, labelled(name, label)));
    wire.length = 0;
    await following(client, `test=${label}`, async (informer) => {
      expect(informer.size).toBe(300);
      await each(names.slice(300), (name) => client.create(configMaps, labelled(name, label)));
      await each(names, (name) => {
        const ref = { namespace: namespace, name };
        const at = Number(name.slice(1));
        if (at % 5 === 0) return client.delete(configMaps, ref);
        return client.patch(configMaps, ref, {
          type: 'merge',
          body: { data: { parity: at % 2 === 0 ? 'even' : 'odd' } },
        });
      });
      await each(names.slice(0, 100), async (name) => {
        if (Number(name.slice(1)) % 5 === 0) await client.create(configMaps, labelled(name, label, { again: 'yes' }));
      });
      const verbs = wire.filter((verb) => verb === 'list' || verb === 'watch');
      await sameAsServer(informer, `test=${label}`);
      expect(informer.size).toBe(820);
      expect(verbs).toEqual(['list', 'watch']);
      expect(informer.get(`${namespace}/m1`)?.metadata['managedFields']).toBeUndefined();
    });
  });

  test('a resourceVersion that the server has forgotten is answered 410, and the informer lists again without losing its objects', async () => {
    const label = 'expired';
    await each(['a', 'b'], (name) => client.create(configMaps, labelled(name, label)));
    const watching = async () => {
      for await (const event of client.watch(configMaps, { namespace: namespace, resourceVersion: '1' })) return event;
      return undefined;
    };
    await expect(watching()).rejects.toSatisfy(isExpired);

    let watches = 0;
    const old: Client = Object.create(client, {
      watch: {
        value: (...[resource, options]: Parameters<Client['watch']>) => {
          watches += 1;
          return client.watch(resource, watches === 1 ? { ...options, resourceVersion: '1' } : options);
        },
      },
    });
    // Private fields belong to the client itself.
    for (const verb of ['list', 'get'] as const) Object.defineProperty(old, verb, { value: client[verb].bind(client) });
    const gone: string[] = [];
    await following(old, `test=${label}`, async (informer) => {
      informer.onChange((change) => {
        if (change.type === 'deleted') gone.push(keyOf(change.object));
      });
      await until(
        () => watches >= 2,
        (changed) => poll(changed),
      );
      await client.create(configMaps, labelled('c', label));
      await sameAsServer(informer, `test=${label}`);
      expect(gone).toEqual([]);
    });
  });

  test('what this process wrote is seen before the watch tells of it, and its echo changes nothing', async () => {
    const label = 'own';
    await following(client, `test=${label}`, async (informer) => {
      const told: string[] = [];
      informer.onChange((change) =>
        told.push(`${change.type} ${change.object.metadata.name}${change.own === true ? ' own' : ''}`),
      );
      const created = await client.create(configMaps, labelled('own-a', label));
      informer.remember(created);
      expect(informer.get(created.metadata.namespace + '/own-a')?.metadata.uid).toBe(created.metadata.uid);
      const ref = { namespace: namespace, name: 'own-a' };
      await client.delete(configMaps, ref);
      informer.forget(ref, created.metadata.uid!);
      expect(informer.size).toBe(0);
      // Its events come in order: once the second object is here, those of the first have been.
      await client.create(configMaps, labelled('own-b', label));
      await until(
        () => informer.size > 0,
        (changed) => informer.onChange(changed),
      );
      // Told once each: by the write, or by the watch where that was quicker.
      const once = told.filter((one) => one.includes(' own-a')).map((one) => one.replace(/ own$/, ''));
      expect(once).toEqual(['added own-a', 'deleted own-a']);
    });
  });

  test('a resource that is not installed is empty, and one that comes is found when told', async () => {
    const definitions = {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      kind: 'CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      namespaced: false,
    };
    const group = `${namespace}.example.com`;
    const things = { group, version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };
    const informer = createInformer({
      client,
      resource: things,
      optional: true,
      clock: systemClock,
      logger: silentLogger,
    });
    const end = new AbortController();
    const running = informer.run(end.signal);
    try {
      await informer.whenSynced();
      expect([informer.available, informer.size]).toEqual([false, 0]);
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
      const definition = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      };
      await client.create(definitions, definition);
      await until(
        () => informer.available,
        (changed) =>
          poll(() => {
            informer.recheck();
            changed();
          }),
      );
      await client.create(things, {
        apiVersion: `${group}/v1`,
        kind: 'Thing',
        metadata: { name: 'one', namespace: namespace },
      });
      await until(
        () => informer.size === 1,
        (changed) => informer.onChange(changed),
      );
    } finally {
      end.abort();
      await running;
      await client.delete(definitions, { name: `things.${group}` });
    }
  });
});

function poll(look: () => void): () => void {
  const timer = setInterval(look, 20);
  return () => clearInterval(timer);
}
