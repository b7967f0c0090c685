import { deployments, type LogLevel, type Logger, validatingWebhookConfigurations } from '@kaito/kube';
import { ManualClock, MemoryClient, refusal } from '@kaito/kube/testing';
import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Live } from '../../cache/caches.ts';
import { createNeighbourWatch, type NeighbourWatch, partOf, partOfLabel } from './index.ts';
import { workspaceWebhookName } from './neighbour.ts';

let client: MemoryClient;
let watch: NeighbourWatch;
let lines: string[];
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  client = new MemoryClient();
  lines = [];
  stop = new AbortController();
  running = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  await running.catch(() => {});
});

async function start(): Promise<void> {
  const logger: Logger = {
    log: (level: LogLevel, message: string) => void lines.push(`${level} ${message}`),
    with: () => logger,
  };
  watch = createNeighbourWatch({
    client,
    clock: new ManualClock(),
    logger,
    own: { namespace: 'kaito', service: 'kaito-workspace' },
  });
  running = watch.run(stop.signal);
  await watch.ready!(stop.signal);
}

/** Resolves at the next change of what the watch says. */
async function changed(work: () => Promise<unknown>): Promise<string | undefined> {
  const next = Promise.withResolvers<void>();
  const leave = watch.onChange(() => next.resolve());
  await work();
  await next.promise;
  leave();
  return watch.neighbour();
}

function operator(
  fields: { image?: string; name?: string; labels?: Record<string, string>; ready?: number } = {},
): Live<Deployment> {
  const { image = 'mcr.microsoft.com/aks/kaito/workspace:0.12.0', name = 'kaito-workspace', ready = 1 } = fields;
  const labels = fields.labels ?? { 'app.kubernetes.io/name': 'workspace' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'kube-system', labels },
    spec: { selector: {}, template: { spec: { containers: [{ name: 'workspace', image }] } } },
    status: { readyReplicas: ready },
  };
}

function webhook(
  service: { namespace: string; name: string },
  labels: Record<string, string> = {},
): Live<ValidatingWebhookConfiguration> {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: workspaceWebhookName, labels },
    webhooks: [
      { name: workspaceWebhookName, clientConfig: { service }, admissionReviewVersions: ['v1'], sideEffects: 'None' },
    ],
  };
}

test('a Go operator is seen while it has a ready pod', async () => {
  await start();
  expect(watch.neighbour()).toBeUndefined();
  const named = 'another KAITO, Deployment kaito-workspace in namespace kube-system';
  expect(await changed(() => client.create(deployments, operator()))).toBe(named);
  expect(await changed(() => client.apply(deployments, operator({ ready: 0 })))).toBeUndefined();
  expect(await changed(() => client.apply(deployments, operator()))).toBe(named);
  expect(
    await changed(() => client.delete(deployments, { namespace: 'kube-system', name: 'kaito-workspace' })),
  ).toBeUndefined();
});

test('Microsoft’s add-on is known by its label', async () => {
  await client.create(
    deployments,
    operator({ image: 'mcr.microsoft.com/x@sha256:1', labels: { app: 'ai-toolchain-operator' } }),
  );
  await start();
  expect(watch.neighbour()).toBe('another KAITO, Deployment kaito-workspace in namespace kube-system');
});

test.each([
  ['our own', operator({ labels: { app: 'ai-toolchain-operator', [partOfLabel]: partOf } })],
  [
    'a provisioner',
    operator({
      name: 'kaito-gpu-provisioner',
      image: 'mcr.microsoft.com/aks/kaito/gpu-provisioner:0.4.3',
      labels: { app: 'ai-toolchain-operator' },
    }),
  ],
  ['another program called workspace', operator({ image: 'registry.example/team/workspace-portal:2' })],
])('%s is no neighbour', async (_, deployment) => {
  await client.create(deployments, deployment);
  await start();
  expect(watch.neighbour()).toBeUndefined();
});

test('a webhook for Workspaces that is not ours tells of its owner', async () => {
  await client.create(validatingWebhookConfigurations, webhook({ namespace: 'kaito-workspace', name: 'workspace' }));
  await start();
  expect(watch.neighbour()).toBe(
    `another KAITO, whose webhook ${workspaceWebhookName} of Service workspace in namespace kaito-workspace admits Workspaces`,
  );
});

test.each([
  [{ namespace: 'kaito', name: 'kaito-workspace' }, {}],
  [{ namespace: 'other', name: 'x' }, { [partOfLabel]: partOf }],
])('our own webhook is none: %o %o', async (service, labels) => {
  await client.create(validatingWebhookConfigurations, webhook(service, labels));
  await start();
  expect(watch.neighbour()).toBeUndefined();
});

test('two provisioners are told of once', async () => {
  const image = 'mcr.microsoft.com/aks/kaito/gpu-provisioner:0.4.3';
  const labels = { 'app.kubernetes.io/name': 'gpu-provisioner' };
  await client.create(deployments, operator({ name: 'a', image, labels }));
  await client.create(deployments, operator({ name: 'b', image, labels }));
  await start();
  expect(lines).toEqual(['warn several provisioners answer the same NodeClaims: stop all but one']);
  expect(watch.neighbour()).toBeUndefined();
});

test('without the right to look there is one line in the log, and what may be seen is seen', async () => {
  client.before = ({ resource }) => {
    if (resource.plural === 'validatingwebhookconfigurations') throw refusal(403, 'Forbidden', 'no');
  };
  await client.create(deployments, operator());
  await start();
  expect(lines.filter((line) => line.includes('cannot be seen'))).toEqual([
    'warn other operators cannot be seen: no right to list validatingwebhookconfigurations',
  ]);
  expect(watch.neighbour()).toBe('another KAITO, Deployment kaito-workspace in namespace kube-system');
});
