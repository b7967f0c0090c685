import type { ConfigMap } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import type { KubeObject } from '../object.ts';
import {
  configMaps,
  customResourceDefinitions,
  deployments,
  pods,
  podDisruptionBudgets,
  resource,
  serviceAccounts,
} from '../resources.ts';
import * as resources from '../resources.ts';
import type { Live } from '../resources.ts';
import { eventually, eventuallyGone, testCluster } from '../testing/index.ts';
import type { TestCluster } from '../testing/index.ts';
import type { ApiCall } from './call.ts';
import { createClient } from './create-client.ts';
import { isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound } from './errors.ts';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
});
afterAll(() => cluster.close());

function configMap(name: string, data: Record<string, string> = {}, labels?: Record<string, string>): Live<ConfigMap> {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    data,
  };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('verbs', () => {
  test('create, get, replace, patch, delete', async () => {
    const { client } = cluster;
    const created = await client.create(configMaps, configMap('one', { a: '1' }));
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
    expect(isAlreadyExists(await failure(client.create(configMaps, configMap('one'))))).toBe(true);

    const replaced = await client.replace(configMaps, { ...created, data: { a: '2' } });
    expect(replaced.data).toEqual({ a: '2' });
    const stale = await failure(client.replace(configMaps, { ...created, data: { a: '3' } }));
    expect(isConflict(stale)).toBe(true);

    const ref = { namespace, name: 'one' };
    const merged = await client.patch(configMaps, ref, { type: 'merge', body: { data: { a: null, b: 'x' } } });
    expect(merged.data).toEqual({ b: 'x' });
    const patched = await client.patch(configMaps, ref, {
      type: 'json',
      body: [
        { op: 'test', path: '/data/b', value: 'x' },
        { op: 'replace', path: '/data/b', value: 'y' },
      ],
    });
    expect(patched.data).toEqual({ b: 'y' });
    const untrue = await failure(
      client.patch(configMaps, ref, { type: 'json', body: [{ op: 'test', path: '/data/b', value: 'x' }] }),
    );
    expect(isInvalid(untrue)).toBe(true);
    const strategic = await client.patch(configMaps, ref, { type: 'strategic', body: { data: { c: 'z' } } });
    expect(strategic.data).toEqual({ b: 'y', c: 'z' });
    expect((await client.get(configMaps, ref)).data).toEqual({ b: 'y', c: 'z' });

    const other = await failure(client.delete(configMaps, ref, { preconditions: { uid: 'another' } }));
    expect(isConflict(other)).toBe(true);
    expect(await client.delete(configMaps, ref)).toMatchObject({ kind: 'Status', status: 'Success' });
    expect(isNotFound(await failure(client.get(configMaps, ref)))).toBe(true);
    expect(isNotFound(await failure(client.delete(configMaps, ref)))).toBe(true);
  });

  test('a dry run changes nothing, and unknown fields are refused where that is asked for', async () => {
    const { client } = cluster;
    const dry = await client.create(configMaps, configMap('dry'), { dryRun: true });
    expect(dry.metadata.uid).toBeTruthy();
    expect(isNotFound(await failure(client.get(configMaps, { namespace, name: 'dry' })))).toBe(true);
    const odd = { ...configMap('odd'), oddField: 1 };
    const refused = await failure(client.create(configMaps, odd, { fieldValidation: 'Strict' }));
    expect(refused).toMatchObject({ status: { code: 400, message: expect.stringContaining('oddField') as string } });
  });

  test('warnings of the server come as text', async () => {
    const warnings: string[] = [];
    const client = cluster.newClient({ onWarning: (text) => warnings.push(text) });
    await client.create(configMaps, { ...configMap('warned'), oddField: 1 } as never, { fieldValidation: 'Warn' });
    expect(warnings).toEqual(['unknown field "oddField"']);
  });

  test('what finalizers hold is still there after a deletion', async () => {
    const { client } = cluster;
    const ref = { namespace, name: 'held' };
    const object = configMap('held');
    await client.create(configMaps, { ...object, metadata: { ...object.metadata, finalizers: ['example.org/hold'] } });
    const held = await client.delete(configMaps, ref);
    expect(held.metadata.deletionTimestamp).toBeTruthy();
    await client.patch(configMaps, ref, { type: 'merge', body: { metadata: { finalizers: null } } });
    await eventuallyGone(client, configMaps, ref);
  });

  test('deleteCollection takes what the selector names', async () => {
    const { client } = cluster;
    for (const name of ['c1', 'c2', 'c3'])
      await client.create(configMaps, configMap(name, {}, { group: name === 'c3' ? 'keep' : 'go' }));
    await client.deleteCollection(configMaps, { namespace, labelSelector: 'group=go' });
    const left = await client.list(configMaps, { namespace, labelSelector: 'group' });
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['c3']);
  });

  test('every resource this package names is served as it says', async () => {
    const known = Object.values(resources).filter((value) => typeof value === 'object');
    expect(known.length).toBeGreaterThan(20);
    for (const each of known) {
      const list = await cluster.client.list(each as typeof pods, { pageSize: 1000 });
      for (const item of list.items)
        expect([item.kind, item.apiVersion]).toEqual([each.kind, each.group === '' ? 'v1' : `${each.group}/v1`]);
    }
    const served = (await cluster.client.raw('GET', '/apis/apps/v1')) as {
      resources: { name: string; namespaced: boolean }[];
    };
    expect(served.resources).toContainEqual(expect.objectContaining({ name: deployments.plural, namespaced: true }));
  });
});

describe('server-side apply', () => {
  test('creates, updates, and says who else owns a field', async () => {
    const { client } = cluster;
    const applied = await client.apply(configMaps, configMap('applied', { a: '1', b: '1' }), { fieldManager: 'first' });
    expect(applied.data).toEqual({ a: '1', b: '1' });
    const again = await client.apply(configMaps, configMap('applied', { a: '1', b: '1' }), { fieldManager: 'first' });
    expect(again.metadata.resourceVersion).toBe(applied.metadata.resourceVersion);

    const conflict = await failure(
      client.apply(configMaps, configMap('applied', { a: '2' }), { fieldManager: 'second', force: false }),
    );
    expect(isConflict(conflict)).toBe(true);
    expect(conflict).toMatchObject({ status: { details: { causes: [{ field: '.data.a' }] } } });
    const taken = await client.apply(configMaps, configMap('applied', { a: '2' }), { fieldManager: 'second' });
    expect(taken.data).toEqual({ a: '2', b: '1' });
    const released = await client.apply(configMaps, configMap('applied', {}), { fieldManager: 'first' });
    expect(released.data).toEqual({ a: '2' });
  });
});

describe('subresources', () => {
  test('status is written apart from the rest', async () => {
    const { client } = cluster;
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'budget', namespace },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'none-such' } } },
    } as const;
    await client.create(podDisruptionBudgets, budget);
    const body = {
      status: { currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1, expectedPods: 3 },
      spec: { maxUnavailable: 5 },
    };
    const ref = { namespace, name: 'budget' };
    const written = await client.patch(podDisruptionBudgets, ref, { type: 'merge', body }, { subresource: 'status' });
    expect(written.status).toMatchObject({ expectedPods: 3 });
    expect(written.spec?.maxUnavailable).toBe(1);
  });

  test('scale', async () => {
    const { client } = cluster;
    const labels = { app: 'scaled' };
    await client.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'scaled', namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'c', image: 'x' }], nodeSelector: { none: 'such' } },
        },
      },
    });
    const ref = { namespace, name: 'scaled' };
    const scale = await client.patch(
      deployments,
      ref,
      { type: 'merge', body: { spec: { replicas: 2 } } },
      { subresource: 'scale' },
    );
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } });
    expect((await client.get(deployments, ref)).spec?.replicas).toBe(2);
    await client.delete(deployments, ref);
  });

  test('eviction', async () => {
    const { client } = cluster;
    const ref = { namespace, name: 'evicted' };
    await serviceAccountOf(namespace);
    await client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: ref,
      spec: { containers: [{ name: 'c', image: 'x' }], nodeSelector: { none: 'such' } },
    });
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: ref } as const;
    await client.create(pods, eviction as never, { subresource: 'eviction' });
    await eventuallyGone(client, pods, ref);
  });
});

/** Made by the controller-manager where there is one. */
async function serviceAccountOf(of: string): Promise<void> {
  await eventually({ client: cluster.client, resource: serviceAccounts, namespace: of }, (accounts) =>
    accounts.some(({ metadata }) => metadata.name === 'default'),
  );
}

describe('lists', () => {
  test('pages of two are one list, in order and of one moment', async () => {
    const calls: ApiCall[] = [];
    const client = cluster.newClient({
      intercept: (call, send) => {
        calls.push(call);
        return send();
      },
    });
    const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
    for (const name of names) await client.create(configMaps, configMap(name, {}, { paged: 'yes' }));
    calls.length = 0;
    const list = await client.list(configMaps, { namespace, labelSelector: 'paged=yes', pageSize: 2 });
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(names);
    expect(list.items.every(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'ConfigMap')).toBe(true);
    expect(calls.length).toBeGreaterThanOrEqual(3);
    expect(list.resourceVersion).toMatch(/^\d+$/);
    const all = await client.list(configMaps, { namespace, fieldSelector: 'metadata.name=p3' });
    expect(all.items).toHaveLength(1);
  });
});

describe('rights', () => {
  test('acting as another has the other’s rights alone', async () => {
    const config = {
      ...cluster.config,
      impersonate: { user: 'nobody-in-particular', groups: ['system:authenticated'] },
    };
    const client = createClient(config, { clock: systemClock, logger: silentLogger });
    try {
      const error = await failure(client.list(pods, { namespace }));
      expect(isForbidden(error)).toBe(true);
      expect((error as Error).message).toContain('nobody-in-particular');
    } finally {
      client.close();
    }
  });
});

describe('custom resources', () => {
  test('are typed by a resource of one’s own, and no field is lost', async () => {
    interface Widget extends KubeObject {
      readonly spec: { readonly size: number; readonly [field: string]: unknown };
    }
    const { client } = cluster;
    const group = `${namespace}.example.org`;
    const widgets = resource<Widget>({ group, version: 'v1', kind: 'Widget' });
    cluster.after(async () => {
      await client.delete(customResourceDefinitions, { name: `widgets.${group}` });
    });
    await client.create(customResourceDefinitions, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        names: { kind: 'Widget', plural: 'widgets' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
              },
            },
          } as never,
        ],
      },
    });
    await eventually(
      { client, resource: customResourceDefinitions, fieldSelector: `metadata.name=widgets.${group}` },
      (crds) =>
        crds.some(({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True'),
        ),
    );
    const text = JSON.stringify({
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'w' },
      spec: { size: 3, later: { a: [1] } },
    });
    const [applied] = await cluster.applyYaml(text, namespace);
    expect(applied).toMatchObject({ spec: { size: 3, later: { a: [1] } } });
    const [listed] = (await client.list(widgets, { namespace })).items;
    expect(listed).toMatchObject({ kind: 'Widget', spec: { size: 3, later: { a: [1] } } });
  });
});
