import type { TargetFlags } from '../workspace/target.ts';

export interface Name {
  readonly value: string;
  readonly text?: string;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Where the command that is being typed will act. */
export interface Place {
  readonly env: Env;
  readonly flags: TargetFlags & { readonly namespace?: string };
}

/** How long a cluster may take to answer before nothing is completed, ms. */
const patienceMs = 2000;

/** Presets, machine types and quantisations of the catalog. */
export async function namesOf(kind: 'PRESET' | 'MODEL' | 'MACHINE' | 'QUANTISATION'): Promise<Name[]> {
  const { loadCatalog } = await import('@kaito/catalog');
  const { models, machines } = loadCatalog();
  if (kind === 'MACHINE') return machines.map(({ name }) => ({ value: name }));
  if (kind !== 'QUANTISATION') return models.map(({ name, title }) => ({ value: name, text: title }));
  const all = models.flatMap((model) => (model.kind === 'gguf' ? model.quantisations.map(({ name }) => name) : []));
  return [...new Set(all)].toSorted().map((value) => ({ value }));
}

/** The Workspaces of this machine or of the cluster's namespace; none where the look fails. */
export async function workspacesThere(place: Place): Promise<Name[]> {
  return look(place, {
    local: async () => {
      const { list } = await import('@kaito/local');
      return (await list()).map(({ name, assessment }) => ({ value: name, text: assessment.state }));
    },
    cluster: async (client, namespace) => {
      const { workspaces } = await import('../cluster/resources.ts');
      const { items } = await client.list(workspaces, { namespace, timeoutMs: patienceMs });
      return items.map(({ metadata, status }) => ({ value: metadata.name ?? '', text: status?.state ?? 'new' }));
    },
  });
}

/** The namespaces of this machine's Workspaces or of the cluster; none where the look fails. */
export async function namespacesThere(place: Place): Promise<Name[]> {
  return look(place, {
    local: async () => {
      const { list } = await import('@kaito/local');
      return [...new Set((await list()).map(({ namespace }) => namespace))].map((value) => ({ value }));
    },
    cluster: async (client) => {
      const { namespaces } = await import('@kaito/kube');
      const { items } = await client.list(namespaces, { timeoutMs: patienceMs });
      return items.map(({ metadata }) => ({ value: metadata.name ?? '' }));
    },
  });
}

/** The contexts of the kubeconfig; none where it cannot be read. */
export async function contexts({ env, flags }: Place): Promise<Name[]> {
  try {
    const { readKubeconfig } = await import('@kaito/kube');
    const read = readKubeconfig({ env, ...(flags.kubeconfig != null && { kubeconfig: flags.kubeconfig }) });
    return [...read.contexts.keys()].map((value) => ({ value }));
  } catch {
    return [];
  }
}

type Client = import('@kaito/kube').Client;

async function look(
  { env, flags }: Place,
  how: {
    readonly local: () => Promise<Name[]>;
    readonly cluster: (client: Client, namespace: string) => Promise<Name[]>;
  },
): Promise<Name[]> {
  try {
    const { targetOf } = await import('../workspace/target.ts');
    const target = await targetOf(flags, env);
    if (target.kind === 'local') return await how.local();
    const { createClient, loadConfig, silentLogger, systemClock: clock } = await import('@kaito/kube');
    const { context, kubeconfig } = target;
    const config = loadConfig({
      clock,
      env,
      terminal: false,
      ...(context != null && { context }),
      ...(kubeconfig != null && { kubeconfig }),
    });
    const client = createClient(config, { clock, logger: silentLogger, userAgent: 'kaito-cli' });
    try {
      return await how.cluster(client, flags.namespace ?? config.namespace);
    } finally {
      client.close();
    }
  } catch {
    return [];
  }
}
