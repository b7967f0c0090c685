import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createClient } from '../client/create-client.ts';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { KubeObject } from '../object.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  roleBindings,
  roles,
  secrets,
  validatingWebhookConfigurations,
} from '../resources.ts';
import { eventuallyOne, ManualClock, testCluster } from '../testing/index.ts';
import type { TestCluster } from '../testing/index.ts';
import { createCaBundleKeeper } from './ca-bundle.ts';
import type { Lifetimes } from './certificates/decide.ts';
import { createCertificateKeeper } from './certificates/keeper.ts';
import type { CertificateKeeper } from './certificates/keeper.ts';
import { entries } from './certificates/stored.ts';
import type { AdmissionHandler } from './review.ts';
import { createAdmissionServer } from './server.ts';

const day = 86_400_000;
const secretName = 'webhook-cert';
let cluster: TestCluster;
let namespace: string;
let configuration: string;
const ends: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.close());
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A namespace of its own, whose ConfigMaps are to be validated by the server behind `port`. */
async function prepare(port: number): Promise<void> {
  const { client } = cluster;
  namespace = await cluster.namespace();
  configuration = `${namespace}.example.com`;
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: secretName } });
  await client.create(validatingWebhookConfigurations, configurationFor(port));
  ends.push(() => client.delete(validatingWebhookConfigurations, { name: configuration }));
}

function configurationFor(port: number): NonNullable<(typeof validatingWebhookConfigurations)['object']> {
  const webhook = (name: string, plural: string) => ({
    name: `${name}.${namespace}.example.com`,
    clientConfig: { url: `https://127.0.0.1:${port}/validate` },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: [plural], operations: ['CREATE'], scope: 'Namespaced' }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 10,
  });
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: configuration },
    webhooks: [webhook('one', 'configmaps'), webhook('two', 'services')],
  };
}

/** A client with the rights that the keepers say they need, and no others. */
async function leastRights() {
  const { client, config } = cluster;
  const name = configuration;
  const user = `system:serviceaccount:${namespace}:webhook`;
  const rbac = 'rbac.authorization.k8s.io/v1' as const;
  const rbacGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', name: 'webhook', namespace }];
  const metadata = { namespace, name: 'webhook' };
  await client.create(roles, {
    apiVersion: rbac,
    kind: 'Role',
    metadata,
    rules: [
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: [secretName],
        verbs: ['get', 'list', 'watch', 'update'],
      },
    ],
  });
  await client.create(roleBindings, {
    apiVersion: rbac,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: rbacGroup, kind: 'Role', name: 'webhook' },
    subjects,
  });
  await client.create(clusterRoles, {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name },
    rules: [
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['validatingwebhookconfigurations'],
        resourceNames: [configuration],
        verbs: ['get', 'list', 'watch', 'patch'],
      },
    ],
  });
  await client.create(clusterRoleBindings, {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
    subjects,
  });
  const limited = createClient({ ...config, impersonate: { user } }, { clock: systemClock, logger: silentLogger });
  ends.push(async () => {
    limited.close();
    await client.delete(clusterRoleBindings, { name });
    await client.delete(clusterRoles, { name });
  });
  return limited;
}

function run(runnable: Runnable): void {
  const ending = new AbortController();
  const ended = runnable.run(ending.signal);
  ends.push(() => {
    ending.abort(new Error('the test is over'));
    return ended;
  });
}

interface Door {
  readonly port: number;
  /** Connections that the API server has made. */
  readonly connections: number;
  to(url: string): void;
}

/** A port that is known before the server is, and counts who comes. */
async function openDoor(): Promise<Door> {
  let target = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  const door = createServer((socket) => {
    connections += 1;
    const inside = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [socket, inside],
      [inside, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => sockets.delete(one));
    }
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    door.close();
  });
  return {
    port: (door.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    to: (url) => void (target = Number(new URL(url).port)),
  };
}

interface Replica {
  readonly keeper: CertificateKeeper;
}

/** All that a process runs for its webhooks. */
async function startReplica(
  door: Door,
  client: Awaited<ReturnType<typeof leastRights>>,
  options: { readonly clock?: ManualClock; readonly lifetimes?: Lifetimes; readonly handler?: AdmissionHandler } = {},
): Promise<Replica> {
  const { clock = systemClock, lifetimes, handler = () => ({ allowed: true }) } = options;
  const common = { client, clock, logger: silentLogger };
  const keeper = createCertificateKeeper({
    ...common,
    namespace,
    secretName,
    names: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    ...(lifetimes === undefined ? {} : { lifetimes }),
  });
  const server = createAdmissionServer({
    ...common,
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    drainMs: 0,
    handlers: { '/validate': handler },
    certificate: keeper,
  });
  run(server);
  run(keeper);
  run(createCaBundleKeeper({ ...common, kind: 'ValidatingWebhookConfiguration', configuration, authorities: keeper }));
  await server.ready!(AbortSignal.timeout(60_000));
  door.to(server.url!);
  return { keeper };
}

function caBundles(object: NonNullable<(typeof validatingWebhookConfigurations)['object']>): X509Certificate[][] {
  return (object.webhooks ?? []).map(({ clientConfig }) => {
    const text = Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8');
    return (text.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem));
  });
}

async function trusted(count: number) {
  return await eventuallyOne(cluster.client, validatingWebhookConfigurations, { name: configuration }, (object) =>
    caBundles(object).every((bundle) => bundle.length === count),
  );
}

async function create(name: string): Promise<KubeObject> {
  const metadata = { namespace, name };
  return await cluster.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
}

/** The API server's own informer may be behind the write by a moment. */
async function createOnceTrusted(name: string): Promise<void> {
  for (;;) {
    try {
      await create(name);
      return;
    } catch (error) {
      if (!(error instanceof Error) || !/x509|certificate|connect/.test(error.message)) throw error;
    }
  }
}

test('a new cluster: certificates, caBundle and a verdict, with least rights', async () => {
  const door = await openDoor();
  await prepare(door.port);
  const client = await leastRights();
  const { keeper } = await startReplica(door, client, {
    handler: ({ object }) =>
      object?.metadata.name === 'bad'
        ? { allowed: false, message: 'not this one', warnings: ['look'] }
        : { allowed: true },
  });
  await trusted(1);
  await createOnceTrusted('good');
  await expect(create('bad')).rejects.toThrow(
    `admission webhook "one.${namespace}.example.com" denied the request: not this one`,
  );
  expect(keeper.notReady!()).toBeUndefined();
  const secret = await cluster.client.get(secrets, { namespace, name: secretName });
  expect(Object.keys(secret.data ?? {}).toSorted()).toEqual(Object.values(entries).toSorted());
});

test('replicas that start at once share one certificate', async () => {
  const door = await openDoor();
  await prepare(door.port);
  const client = await leastRights();
  const replicas = await Promise.all([1, 2, 3].map(() => startReplica(door, client)));
  await Promise.all(replicas.map(({ keeper }) => keeper.whenReady()));
  expect(new Set(replicas.map(({ keeper }) => keeper.current?.certificate)).size).toBe(1);
  await trusted(1);
  await createOnceTrusted('good');
});

test('a caBundle that is reset, and a configuration that is made anew, are mended', async () => {
  const door = await openDoor();
  await prepare(door.port);
  const { client } = cluster;
  await startReplica(door, await leastRights());
  const before = caBundles(await trusted(1));
  const stored = await client.get(validatingWebhookConfigurations, { name: configuration });
  await client.replace(validatingWebhookConfigurations, {
    ...configurationFor(door.port),
    metadata: stored.metadata,
  });
  expect(caBundles(await trusted(1))).toEqual(before);
  await createOnceTrusted('after-reset');
  await client.delete(validatingWebhookConfigurations, { name: configuration });
  const anew = configurationFor(door.port);
  await client.create(validatingWebhookConfigurations, anew);
  const mended = await trusted(1);
  expect(caBundles(mended)).toEqual(before);
  // Nothing else was touched: what was written is still there.
  expect(mended.webhooks).toMatchObject(anew.webhooks!);
  expect(mended.metadata.generation).toBe(2);
  await createOnceTrusted('after-upgrade');
});

/** Creates one object after the other, two at a time, until it is stopped or one is refused. */
class Stream {
  #stopped = false;
  #created = 0;
  #goal = Infinity;
  #reached = Promise.withResolvers<void>();
  readonly #loops = Promise.all([this.#loop('a'), this.#loop('b')]);

  /** Resolves after so many more creates; rejects when one was refused. */
  async more(count: number): Promise<void> {
    this.#reached = Promise.withResolvers();
    this.#goal = this.#created + count;
    await Promise.race([this.#loops, this.#reached.promise]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loops;
  }

  async #loop(name: string): Promise<void> {
    for (let count = 0; !this.#stopped; count += 1) {
      await create(`${name}-${count}`);
      this.#created += 1;
      if (this.#created >= this.#goal) this.#reached.resolve();
    }
  }
}

test('authority and certificate are replaced under a steady stream of creates, and none is refused', async () => {
  const door = await openDoor();
  await prepare(door.port);
  const lifetimes: Lifetimes = { authorityMs: 300 * day, leafMs: 290 * day, settleMs: 600_000 };
  // Made 250 days ago, so that all is due by now, and holds yet.
  const clock = new ManualClock(new Date(Date.now() - 250 * day).toISOString());
  const { keeper } = await startReplica(door, await leastRights(), { clock, lifetimes });
  await trusted(1);
  await createOnceTrusted('first');
  const first = keeper.current!.certificate;

  const stream = new Stream();
  await stream.more(20);
  clock.advance(250 * day);
  await trusted(2);
  expect(keeper.current!.certificate).toBe(first);
  await stream.more(20);

  const changed = new Promise<void>((resolve) => keeper.onChange(() => resolve()));
  clock.advance(700_000);
  await changed;
  const leaf = new X509Certificate(keeper.current!.certificate);
  const [[next] = []] = caBundles(await trusted(2));
  expect(leaf.verify(next!.publicKey)).toBe(true);
  const before = door.connections;
  await Promise.all(Array.from({ length: 40 }, (_, index) => create(`burst-${index}`)));
  expect(door.connections).toBeGreaterThan(before);
  await stream.more(20);
  await stream.stop();
});
