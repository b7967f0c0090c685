import { afterEach, expect, test, vi } from 'vitest';
import type { Patch } from '../client/client.ts';
import { silentLogger } from '../logger.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { KubeObject, ObjectRef, Resource } from '../object.ts';
import { validatingWebhookConfigurations } from '../resources.ts';
import { ManualClock, MemoryClient, refusal, settled } from '../testing/index.ts';
import { createCaBundleKeeper } from './ca-bundle.ts';

interface Webhook {
  readonly name: string;
  readonly clientConfig?: { readonly caBundle?: string };
}

/** With strategic merges of `webhooks`, by name, as the API server does them. */
class WebhookClient extends MemoryClient {
  readonly strategic: Patch[] = [];

  override async patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: Patch): Promise<T> {
    if (patch.type !== 'strategic') return await super.patch(resource, ref, patch);
    this.strategic.push(patch);
    const live = (await this.get(resource, ref)) as T & { readonly webhooks: readonly Webhook[] };
    const changes = (patch.body as { readonly webhooks: readonly Webhook[] }).webhooks;
    const webhooks = live.webhooks.map((webhook) => {
      const change = changes.find(({ name }) => name === webhook.name);
      return { ...webhook, ...change, clientConfig: { ...webhook.clientConfig, ...change?.clientConfig } };
    });
    return await super.patch(resource, ref, { type: 'merge', body: { webhooks } });
  }
}

const name = 'validation.example.com';
const service = { service: { name: 'webhook', namespace: 'kaito', path: '/x' } };
const configuration: NonNullable<(typeof validatingWebhookConfigurations)['object']> = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name, labels: { app: 'kaito' } },
  webhooks: [
    { name: 'one.example.com', clientConfig: service, sideEffects: 'None', admissionReviewVersions: ['v1'] },
    { name: 'two.example.com', clientConfig: service, sideEffects: 'None', admissionReviewVersions: ['v1'] },
  ],
};

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

class Authorities {
  authorities: string | undefined;
  readonly #handlers = new Set<() => void>();

  onAuthoritiesChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  set(bundle: string): void {
    this.authorities = bundle;
    for (const handler of this.#handlers) handler();
  }
}

function start(client: MemoryClient, authorities: Authorities, clock = new ManualClock()): Runnable {
  const keeper = createCaBundleKeeper({
    client,
    clock,
    logger: silentLogger,
    kind: 'ValidatingWebhookConfiguration',
    configuration: name,
    authorities,
    random: () => 0,
  });
  const ending = new AbortController();
  const ended = keeper.run(ending.signal);
  stops.push(async () => {
    ending.abort(new Error('the test is over'));
    await ended;
  });
  return keeper;
}

const patches = (client: MemoryClient) => client.calls.filter(({ verb }) => verb === 'patch');

async function bundles(client: MemoryClient): Promise<(string | undefined)[]> {
  const { webhooks = [] } = await client.get(validatingWebhookConfigurations, { name });
  return webhooks.map(({ clientConfig: { caBundle } }) => caBundle && Buffer.from(caBundle, 'base64').toString('utf8'));
}

test('writes the bundle into every webhook, and nothing else', async () => {
  const client = new WebhookClient();
  await client.create(validatingWebhookConfigurations, configuration);
  const authorities = new Authorities();
  start(client, authorities);
  await settled();
  expect(patches(client)).toEqual([]);
  authorities.set('A');
  await vi.waitFor(async () => expect(await bundles(client)).toEqual(['A', 'A']));
  const stored = await client.get(validatingWebhookConfigurations, { name });
  expect(stored).toMatchObject({
    metadata: configuration.metadata,
    webhooks: configuration.webhooks!.map((webhook) => ({
      ...webhook,
      clientConfig: { ...service, caBundle: Buffer.from('A').toString('base64') },
    })),
  });
  expect(patches(client)).toHaveLength(1);
  authorities.set('A');
  await settled();
  expect(patches(client)).toHaveLength(1);
  authorities.set('AB');
  await vi.waitFor(async () => expect(await bundles(client)).toEqual(['AB', 'AB']));
});

test('mends a bundle that somebody reset, alone', async () => {
  const client = new WebhookClient();
  await client.create(validatingWebhookConfigurations, configuration);
  const authorities = new Authorities();
  start(client, authorities);
  authorities.set('A');
  await vi.waitFor(async () => expect(await bundles(client)).toEqual(['A', 'A']));
  const stored = await client.get(validatingWebhookConfigurations, { name });
  const [one, two] = stored.webhooks!;
  await client.replace(validatingWebhookConfigurations, {
    ...stored,
    webhooks: [one!, { ...two!, clientConfig: service }],
  });
  await vi.waitFor(async () => expect(await bundles(client)).toEqual(['A', 'A']));
  expect(client.strategic.at(-1)).toEqual({
    type: 'strategic',
    body: { webhooks: [{ name: 'two.example.com', clientConfig: { caBundle: Buffer.from('A').toString('base64') } }] },
  });
});

test('waits for a configuration that comes later, or again', async () => {
  const client = new WebhookClient();
  const authorities = new Authorities();
  const keeper = start(client, authorities);
  authorities.set('A');
  await settled();
  expect(keeper.notReady!()).toBeUndefined();
  for (let time = 0; time < 2; time += 1) {
    await client.create(validatingWebhookConfigurations, configuration);
    await vi.waitFor(async () => expect(await bundles(client)).toEqual(['A', 'A']));
    await client.delete(validatingWebhookConfigurations, { name });
  }
});

test('two replicas with the same authorities write once each at most', async () => {
  const client = new WebhookClient();
  await client.create(validatingWebhookConfigurations, configuration);
  const authorities = new Authorities();
  start(client, authorities);
  start(client, authorities);
  authorities.set('A');
  await vi.waitFor(async () => expect(await bundles(client)).toEqual(['A', 'A']));
  await settled();
  expect(patches(client).length).toBeLessThanOrEqual(2);
  const before = patches(client).length;
  authorities.set('A');
  await settled();
  expect(patches(client)).toHaveLength(before);
});

test('says what is missing where it may not write, and tries again', async () => {
  const client = new WebhookClient();
  const clock = new ManualClock();
  await client.create(validatingWebhookConfigurations, configuration);
  let allowed = false;
  client.before = ({ verb }) => {
    if (verb === 'patch' && !allowed) throw refusal(403, 'Forbidden', 'may not patch');
  };
  const authorities = new Authorities();
  const keeper = start(client, authorities, clock);
  authorities.set('A');
  await vi.waitFor(() => expect(keeper.notReady!()).toMatch(/caBundle of .* cannot be written: .*may not patch/));
  allowed = true;
  clock.advance(60_000);
  await vi.waitFor(async () => expect(await bundles(client)).toEqual(['A', 'A']));
  await vi.waitFor(() => expect(keeper.notReady!()).toBeUndefined());
});
