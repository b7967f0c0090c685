import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { createClient } from '../client/create-client.ts';
import type { ClientOptions } from '../client/create-client.ts';
import type { StreamingClient } from '../client/api-client.ts';
import { isNotFound } from '../client/errors.ts';
import { systemClock } from '../clock.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { silentLogger } from '../logger.ts';
import type { KubeObject, Resource } from '../object.ts';
import { apiVersionOf } from '../object.ts';
import { customResourceDefinitions, namespaces, resource } from '../resources.ts';
import { eventuallyOne } from './eventually.ts';

export interface TestCluster extends AsyncDisposable {
  readonly client: StreamingClient;
  readonly config: ClusterConfig;
  /** A client of its own connections, for counting, cutting and rate limits. It is closed with the cluster. */
  newClient(options?: Partial<ClientOptions>): StreamingClient;
  /** A new namespace, deleted by `close`. It has its ServiceAccount already where the controller-manager makes one. */
  namespace(): Promise<string>;
  /** Applies CustomResourceDefinitions and waits until they are served. They stay, as other tests may use them too. */
  applyCrds(paths: readonly string[]): Promise<void>;
  /** Applies the documents of a YAML text, into `namespace` where they name none. @returns what the server stored, in order */
  applyYaml(text: string, namespace?: string): Promise<KubeObject[]>;
  /** Applies one object of any kind by server-side apply. */
  apply<T extends KubeObject>(object: T, namespace?: string): Promise<T>;
  /** Called by `close`, last one first. */
  after(cleanUp: () => Promise<void>): void;
  /** Deletes what the test made and ends the connections. */
  close(): Promise<void>;
}

const fieldManager = 'kube-test';

interface Discovered {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/**
 * The real API server that `KUBECONFIG` names. For `x.cluster.test.ts`: `cluster = await testCluster()` in `beforeAll`, `cluster.close()` in
 * `afterAll`. @throws Error where `KUBECONFIG` is not set.
 */
export async function testCluster(): Promise<TestCluster> {
  if ((process.env['KUBECONFIG'] ?? '') === '')
    throw new Error(
      'KUBECONFIG is not set. Cluster tests run inside a lab: npm run -s lab -- exec --name dev -- vitest run --project cluster',
    );
  const config = loadConfig({ clock: systemClock, terminal: false });
  const clients: StreamingClient[] = [];
  const newClient = (options: Partial<ClientOptions> = {}) => {
    const client = createClient(config, {
      clock: systemClock,
      logger: silentLogger,
      userAgent: fieldManager,
      ...options,
    });
    clients.push(client);
    return client;
  };
  const client = newClient();
  await client.raw('GET', '/version');
  const cleanUps: (() => Promise<void>)[] = [];
  const discovered = new Map<string, Promise<Discovered>>();

  const resourceOf = async (object: KubeObject): Promise<Resource> => {
    const { apiVersion, kind } = object;
    const slash = apiVersion.indexOf('/');
    const group = slash === -1 ? '' : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    const root = group === '' ? `/api/${version}` : `/apis/${apiVersion}`;
    const found = async () => {
      let page = discovered.get(root);
      if (page === undefined) {
        page = client.raw('GET', root) as Promise<Discovered>;
        discovered.set(root, page);
      }
      return (await page).resources.find((entry) => entry.kind === kind && !entry.name.includes('/'));
    };
    let entry = await found();
    if (entry === undefined) {
      // It may have been installed since.
      discovered.delete(root);
      entry = await found();
    }
    if (entry === undefined) throw new Error(`the cluster does not know ${kind} of ${apiVersion}`);
    return resource({ group, version, kind, plural: entry.name, namespaced: entry.namespaced });
  };

  const apply = async <T extends KubeObject>(object: T, namespace?: string): Promise<T> => {
    const of = await resourceOf(object);
    const placed =
      of.namespaced && object.metadata.namespace === undefined && namespace !== undefined
        ? { ...object, metadata: { ...object.metadata, namespace } }
        : object;
    return await client.apply(of as Resource<T>, placed, { fieldManager });
  };

  const cluster: TestCluster = {
    client,
    config,
    newClient,
    after: (cleanUp) => void cleanUps.push(cleanUp),
    apply,
    async namespace() {
      const name = `test-${randomBytes(5).toString('hex')}`;
      await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      cleanUps.push(async () => {
        await client.delete(namespaces, { name }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      });
      return name;
    },
    async applyYaml(text, namespace) {
      const stored: KubeObject[] = [];
      for (const object of documents(text)) stored.push(await apply(object, namespace));
      return stored;
    },
    async applyCrds(paths) {
      for (const path of paths) {
        for (const object of documents(await readFile(path, 'utf8'))) {
          if (
            object.kind !== customResourceDefinitions.kind ||
            object.apiVersion !== apiVersionOf(customResourceDefinitions)
          )
            throw new Error(`${path} holds ${object.kind} of ${object.apiVersion}, not a CustomResourceDefinition`);
          const { name } = (await apply(object)).metadata;
          await eventuallyOne(client, customResourceDefinitions, { name: name! }, (crd) =>
            (crd.status?.conditions ?? []).some(({ type, status }) => type === 'Established' && status === 'True'),
          );
        }
      }
    },
    async close() {
      const failures: unknown[] = [];
      for (const cleanUp of cleanUps.splice(0).toReversed())
        await cleanUp().catch((error: unknown) => failures.push(error));
      for (const each of clients) each.close();
      if (failures.length > 0) throw new AggregateError(failures, 'what the test made could not be deleted');
    },
    [Symbol.asyncDispose]: () => cluster.close(),
  };
  return cluster;
}

function documents(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}
