import { setTimeout as sleep } from 'node:timers/promises';
import { isTrue } from '@kaito/api';
import { ApiError, type Client, deployments, type KubeObject, nodes, resource } from '@kaito/kube';

const workspaces = resource<KubeObject & { readonly status?: Status }>({
  group: 'kaito.sh',
  version: 'v1beta1',
  kind: 'Workspace',
});

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: 'True' | 'False' | 'Unknown' }[];
  readonly workerNodes?: readonly string[];
}

export const namespace = 'bench';

/** The seed's Workspace under a name of its own. */
export function workspace(name: string): KubeObject {
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name, namespace },
    resource: { instanceType: 'Standard_NC64as_T4_v3', labelSelector: { matchLabels: { apps: name } } },
    inference: {
      preset: {
        name: 'mistral-7b-instruct',
        presetOptions: { image: 'kaitolab.azurecr.io/mistral-7b-instruct:0.0.2' },
      },
    },
  } as KubeObject;
}

/** Moments at which this process saw things happen, ms of `performance.now()`. */
export interface Sightings {
  /** Workspaces that were Ready, by name. */
  readonly ready: ReadonlyMap<string, number>;
  /** Nodes that were Ready, by name. */
  readonly nodeReady: ReadonlyMap<string, number>;
  /** Workloads that were there, by name. */
  readonly workload: ReadonlyMap<string, number>;
  /** The first worker node, by Workspace. */
  readonly node: ReadonlyMap<string, string>;
  /** Resolves when so many Workspaces are Ready. */
  readyCount(count: number): Promise<void>;
}

function first(map: Map<string, number>, name: string | undefined): void {
  if (name !== undefined && !map.has(name)) map.set(name, performance.now());
}

/** Watches Workspaces, and nodes and Deployments where `chain` asks for them, until the signal aborts. */
export function watchWorkspaces(client: Client, signal: AbortSignal, chain: boolean): Sightings {
  const ready = new Map<string, number>();
  const nodeReady = new Map<string, number>();
  const workload = new Map<string, number>();
  const node = new Map<string, string>();
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const follow = async (of: typeof workspaces, see: (object: KubeObject & { status?: Status }) => void) => {
    while (!signal.aborted) {
      try {
        for await (const event of client.watch(of, { signal, sendInitialEvents: true }))
          if (event.type === 'ADDED' || event.type === 'MODIFIED') see(event.object);
      } catch (error) {
        if (signal.aborted) return;
        // The server's store for a kind that was installed just now is not ready yet.
        if (!(error instanceof ApiError && error.status.code === 429)) throw error;
        await sleep(200);
      }
    }
  };
  void follow(workspaces, ({ metadata, status }) => {
    const worker = status?.workerNodes?.[0];
    if (worker !== undefined) node.set(metadata.name!, worker);
    if (!isTrue(status?.conditions as never, 'WorkspaceReady')) return;
    first(ready, metadata.name);
    for (const { count, resolve } of waiting) if (ready.size >= count) resolve();
    waiting = waiting.filter(({ count }) => ready.size < count);
  });
  if (chain) {
    void follow(nodes as never, ({ metadata, status }) => {
      if (isTrue(status?.conditions as never, 'Ready')) first(nodeReady, metadata.name);
    });
    void follow(deployments as never, ({ metadata }) => first(workload, metadata.name));
  }
  return {
    ready,
    nodeReady,
    workload,
    node,
    readyCount(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (ready.size >= count) resolve();
      else waiting.push({ count, resolve });
      return promise;
    },
  };
}

/** Makes them all at once, over the client's connections. @returns when each was asked for, ms */
export async function createAll(client: Client, names: readonly string[]): Promise<Map<string, number>> {
  const asked = new Map<string, number>();
  await Promise.all(
    names.map(async (name) => {
      asked.set(name, performance.now());
      await client.create(workspaces, workspace(name));
    }),
  );
  return asked;
}

export { workspaces };
