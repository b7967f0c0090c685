import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadCatalog } from '@kaito/catalog';
import {
  ApiError,
  createAdmissionServer,
  createCaBundleKeeper,
  createCertificateKeeper,
  isNotFound,
  resource,
  silentLogger,
  systemClock,
  validatingWebhookConfigurations,
} from '@kaito/kube';
import type { KubeObject, Logger, Runnable } from '@kaito/kube';
import { eventuallyOne, testCluster } from '@kaito/kube/testing';
import type { TestCluster } from '@kaito/kube/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhookConfiguration, workspaceWebhook } from './configuration.ts';
import { webhookHandlers } from './handlers.ts';
import { mutant } from './testing/mutant.ts';
import { rules } from './testing/rules/index.ts';
import { withPreset, withResource, workspaceWith } from './testing/workspaces.ts';

const workspaces = resource({ group: 'kaito.sh', version: 'v1beta1', kind: 'Workspace' });
const oldWorkspaces = resource({ group: 'kaito.sh', version: 'v1alpha1', kind: 'Workspace' });
const nodeClasses = resource({
  group: 'kaito.sh',
  version: 'v1alpha1',
  kind: 'KaitoNodeClass',
  plural: 'kaitonodeclasses',
  namespaced: false,
});
const denied = `admission webhook "${workspaceWebhook}" denied the request: validation failed: `;

let cluster: TestCluster;
let namespace: string;
let folder: string;
let asked = 0;
const faults: string[] = [];
const logger: Logger = {
  log: (level, message) => void (level === 'error' && faults.push(message)),
  with: () => logger,
};

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
  folder = await mkdtemp(join(tmpdir(), 'webhook-'));
  const crds = join(import.meta.dirname, '../../../../charts/kaito/files/crds');
  await cluster.applyCrds(
    ['kaito.sh_workspaces.yaml', 'kaito.sh_kaitonodeclasses.yaml'].map((file) => join(crds, file)),
  );
  const { client } = cluster;
  const common = { client, clock: systemClock, logger: silentLogger };
  const certificate = createCertificateKeeper({
    ...common,
    namespace,
    secretName: 'workspace-webhook-cert',
    names: [],
    ipAddresses: ['127.0.0.1'],
  });
  const handlers = webhookHandlers({ catalog: loadCatalog(), presetRegistry: 'mcr.microsoft.com/aks/kaito' });
  const counted = Object.entries(handlers).map(([path, handler]) => [
    path,
    (request: Parameters<typeof handler>[0]) => {
      asked += 1;
      return handler(request);
    },
  ]);
  const server = createAdmissionServer({
    ...common,
    logger,
    host: '127.0.0.1',
    port: 0,
    drainMs: 0,
    handlers: Object.fromEntries(counted) as typeof handlers,
    certificate,
  });
  const name = `${namespace}.kaito.sh`;
  const ending = new AbortController();
  const runnables: Runnable[] = [server, certificate];
  runnables.push(
    createCaBundleKeeper({
      ...common,
      kind: 'ValidatingWebhookConfiguration',
      configuration: name,
      authorities: certificate,
    }),
  );
  const running = Promise.all(runnables.map((runnable) => runnable.run(ending.signal)));
  cluster.after(async () => {
    ending.abort(new Error('the test is over'));
    await running;
  });
  await server.ready!(AbortSignal.timeout(60_000));
  // Others use the same cluster: only this test's objects are to be validated here.
  const shape = webhookConfiguration({ url: server.url! }, name);
  const [ofWorkspaces, ofNodeClasses] = shape.webhooks!;
  await client.create(validatingWebhookConfigurations, {
    ...shape,
    webhooks: [
      { ...ofWorkspaces!, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      { ...ofNodeClasses!, objectSelector: { matchLabels: { test: namespace } } },
    ],
  });
  cluster.after(async () => void (await client.delete(validatingWebhookConfigurations, { name })));
  await eventuallyOne(client, validatingWebhookConfigurations, { name }, ({ webhooks = [] }) =>
    webhooks.every(({ clientConfig }) => (clientConfig.caBundle ?? '') !== ''),
  );
  await whenValidated();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await cluster.close();
});

/** The API server hears of the configuration a moment after it is stored. */
async function whenValidated(): Promise<void> {
  for (;;) {
    const message = await refusal(create(withPreset({ name: 'no-such-preset' }), { dryRun: true }));
    if (message.includes(denied)) return;
    if (message !== '' && !/x509|certificate/.test(message)) throw new Error(message);
  }
}

let count = 0;

function named(object: Record<string, unknown>): KubeObject {
  const { metadata } = object as { readonly metadata: { readonly name?: unknown } };
  const name = metadata.name === 'phi' ? `phi-${(count += 1)}` : metadata.name;
  return { ...object, metadata: { ...metadata, name, namespace } } as unknown as KubeObject;
}

async function create(
  object: Record<string, unknown>,
  options: { readonly dryRun?: boolean } = {},
): Promise<KubeObject> {
  const of = object['apiVersion'] === 'kaito.sh/v1alpha1' ? oldWorkspaces : workspaces;
  return await cluster.client.create(of, named(object), { fieldValidation: 'Strict', ...options });
}

/** The API server's words, or nothing where it accepts. */
async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return '';
  } catch (error) {
    if (error instanceof ApiError) return error.status.message;
    throw error;
  }
}

interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** What a person sees. */
async function kubectl(object: unknown, ...args: string[]): Promise<Said> {
  const file = join(folder, 'workspace.json');
  await writeFile(file, JSON.stringify(object));
  try {
    const { stdout, stderr } = await promisify(execFile)('kubectl', [...args, '-n', namespace, '-f', file]);
    return { out: stdout, err: stderr.replaceAll(file, 'workspace.json'), code: 0 };
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number };
    return { out: stdout, err: stderr.replaceAll(file, 'workspace.json'), code };
  }
}

describe('every rule', () => {
  test.each(rules)('$code: $rule', async ({ refused, accepted, old, path, by }) => {
    const send = old === undefined ? create : await updateOf(old);
    const message = await refusal(send(refused));
    if (by === 'webhook') {
      expect(message.slice(0, denied.length)).toBe(denied);
      expect(message).toContain(path);
    } else {
      expect(message).not.toBe('');
      expect(message).not.toContain('admission webhook');
    }
    expect(await refusal(send(accepted))).toBe('');
  });
});

/** Stores an object. @returns what replaces it by another one. */
async function updateOf(old: Record<string, unknown>): Promise<(object: Record<string, unknown>) => Promise<unknown>> {
  const stored = await create(old);
  const { name, uid } = stored.metadata;
  return async (object) => {
    const { metadata } = object as { readonly metadata: object };
    const { resourceVersion } = (await cluster.client.get(workspaces, { namespace, name: name! })).metadata;
    const next = { ...object, metadata: { ...metadata, name, namespace, uid, resourceVersion } };
    return await cluster.client.replace(workspaces, next as unknown as KubeObject);
  };
}

describe('with kubectl', () => {
  test('a refusal says each fault with its remedy, on a line of its own', async () => {
    const object = workspaceWith({
      metadata: { name: 'phi' },
      resource: { instanceType: '', labelSelector: { matchLabels: { 'kaito.sh/workspace': 'x' } } },
      inference: { preset: { name: 'phi-2' }, config: 'settings' },
    });
    for (const how of [['apply'], ['apply', '--dry-run=server'], ['apply', '--server-side'], ['create']]) {
      const { err, code } = await kubectl(object, ...how);
      expect(code).toBe(1);
      expect(err).toContain(
        `${denied}resource.labelSelector holds only labels that KAITO sets itself (kaito.sh/workspace). Select by a label of your own, e.g. apps: my-model.\n` +
          'inference.config is set, but settings of the inference server are not read from a ConfigMap yet. Remove it;',
      );
    }
    expect((await kubectl(object, 'create')).err).toMatch(/^Error from server \(BadRequest\): error when creating/);
  });

  test('a preset with a typing error gets the right name', async () => {
    const { err } = await kubectl(withPreset({ name: 'phi2' }), 'apply');
    expect(err).toContain(
      `${denied}inference.preset.name: There is no preset named "phi2" in the catalog. Did you mean "phi-2"?`,
    );
  });

  test('a warning is shown, and the Workspace is made', async () => {
    const object = workspaceWith({ metadata: { name: 'exposed', annotations: { 'kaito.sh/enablelb': 'True' } } });
    const { out, err, code } = await kubectl(object, 'apply');
    expect({ out, code }).toEqual({ out: 'workspace.kaito.sh/exposed created\n', code: 0 });
    expect(err).toBe(
      'Warning: metadata.annotations["kaito.sh/enablelb"]: anyone on the internet can use the endpoint without signing in. Add kaito.sh/internal-lb: "True", or use an Ingress with authentication.\n',
    );
  });

  test('--dry-run=server validates and stores nothing', async () => {
    const object = workspaceWith({ metadata: { name: 'dry' } });
    expect((await kubectl(object, 'apply', '--dry-run=server')).out).toBe(
      'workspace.kaito.sh/dry created (server dry run)\n',
    );
    expect(
      isNotFound(await cluster.client.get(workspaces, { namespace, name: 'dry' }).catch((error: unknown) => error)),
    ).toBe(true);
  });

  test('server-side apply: twice the same, then what may change, then what may not', async () => {
    const object = workspaceWith({ metadata: { name: 'ssa' } });
    for (let time = 0; time < 2; time += 1)
      expect(await kubectl(object, 'apply', '--server-side')).toMatchObject({ code: 0, err: '' });
    const preferring = { ...withResource({ preferredNodes: ['a'] }), metadata: { name: 'ssa' } };
    expect(await kubectl(preferring, 'apply', '--server-side')).toMatchObject({ code: 0, err: '' });
    const renting = { ...withResource({ instanceType: '' }), metadata: { name: 'ssa' } };
    expect((await kubectl(renting, 'apply', '--server-side')).err).toContain(
      `${denied}resource.instanceType cannot change once the Workspace exists. Create another Workspace, or delete this one and create it anew.`,
    );
  });
});

test('a status is written without a word from the webhook', async () => {
  const { metadata } = await create(workspaceWith());
  const ref = { namespace, name: metadata.name! };
  const before = asked;
  const status = { workerNodes: ['node-1'], state: 'Pending' };
  const patched = await cluster.client.patch(
    workspaces,
    ref,
    { type: 'merge', body: { status } },
    { subresource: 'status' },
  );
  expect(patched).toMatchObject({ status });
  expect(asked).toBe(before);
  // The same through the object itself changes nothing of the status, and is an update that is let through.
  await cluster.client.patch(workspaces, ref, { type: 'merge', body: { status: { state: 'Ready' } } });
  expect(await cluster.client.get(workspaces, ref)).toMatchObject({ status });
});

test('an object that is being deleted asks nobody: its finalizer goes', async () => {
  const object = workspaceWith({ metadata: { name: 'phi', finalizers: ['kaito.sh/test'] } });
  const { metadata } = await create(object);
  const ref = { namespace, name: metadata.name! };
  await cluster.client.delete(workspaces, ref);
  const before = asked;
  await cluster.client.patch(workspaces, ref, { type: 'merge', body: { metadata: { finalizers: null } } });
  expect(isNotFound(await cluster.client.get(workspaces, ref).catch((error: unknown) => error))).toBe(true);
  expect(asked).toBe(before);
});

test('both versions are validated, whichever the object was written in', async () => {
  const { metadata } = await create(workspaceWith({ apiVersion: 'kaito.sh/v1alpha1' }));
  const ref = { namespace, name: metadata.name! };
  const body = { inference: { config: 'settings' } };
  for (const of of [oldWorkspaces, workspaces])
    expect(await refusal(cluster.client.patch(of, ref, { type: 'merge', body }))).toContain(
      `${denied}inference.config is set, but`,
    );
});

test('a node class is refused and accepted', async () => {
  const nodeClass = (spec: object): KubeObject =>
    ({
      apiVersion: 'kaito.sh/v1alpha1',
      kind: 'KaitoNodeClass',
      metadata: { name: namespace, labels: { test: namespace } },
      spec,
    }) as KubeObject;
  expect(await refusal(cluster.client.create(nodeClasses, nodeClass({ mode: 'System', spot: {} })))).toMatch(
    /^admission webhook "validation\.kaitonodeclass\.kaito\.sh" denied the request: validation failed: spec\.spot: /,
  );
  await cluster.client.create(nodeClasses, nodeClass({ mode: 'User' }));
  await cluster.client.delete(nodeClasses, { name: namespace });
});

test('hundreds of manifests, right and wrong: stored or refused with a reason, and no call to the webhook fails', async () => {
  const before = asked;
  let stored = 0;
  await fc.assert(
    fc.asyncProperty(mutant, async (object) => {
      const placed = {
        ...object,
        metadata: { name: `fuzz-${(count += 1)}`, ...(object['metadata'] as object), namespace },
      };
      const message = await refusal(
        cluster.client.create(workspaces, placed as unknown as KubeObject, { dryRun: true }),
      );
      expect(message).not.toMatch(/failed calling webhook|internal error/);
      if (message === '') stored += 1;
    }),
    { seed: 2_025, numRuns: 400 },
  );
  expect(faults).toEqual([]);
  expect(stored).toBeGreaterThan(20);
  expect(asked - before).toBeGreaterThan(stored);
});
