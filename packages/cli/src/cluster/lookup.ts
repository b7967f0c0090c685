import type { Workspace } from '@kaito/api';
import { isNotFound, type Live } from '@kaito/kube';
import { failure, usage } from '../failure.ts';
import { titleOf } from '../workspace/lookup.ts';
import type { Cluster } from './connect.ts';
import { workspaces } from './resources.ts';

export interface WorkspaceRef {
  readonly namespace: string;
  readonly name: string;
}

/** A Workspace's namespace and name. */
export function refOf({ metadata }: Live<Workspace>): WorkspaceRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}

/** What a person calls a Workspace: its name, with the namespace before a slash where that is not `default`. */
export const titleOfLive = (workspace: Live<Workspace>): string => titleOf(refOf(workspace));

/** What a word names: `demo`, `workspace/demo`, or `team/demo` where no namespace is given beside it. */
function named(word: string, namespace: string | undefined, cluster: Cluster): WorkspaceRef {
  const plain = word.replace(/^(workspaces?|ws|workspaces?\.kaito\.sh)\//, '');
  const slash = plain.indexOf('/');
  if (slash === -1 || namespace != null) return { namespace: namespace ?? cluster.namespace, name: plain };
  return { namespace: plain.slice(0, slash), name: plain.slice(slash + 1) };
}

/** The Workspace that a command means: that of the name, or without one the only one of the namespace. Throws Failure. */
export async function lookUp(
  cluster: Cluster,
  word: string | undefined,
  namespace: string | undefined,
): Promise<Live<Workspace>> {
  const { client, where } = cluster;
  if (word != null) {
    const ref = named(word, namespace, cluster);
    try {
      return await client.get(workspaces, ref);
    } catch (error) {
      if (!isNotFound(error) || error.status.details?.kind !== 'workspaces') throw error;
      throw await notFound(cluster, ref);
    }
  }
  const space = namespace ?? cluster.namespace;
  const { items } = await client.list(workspaces, { namespace: space });
  const [first, ...others] = items;
  if (first == null)
    throw failure(
      'NotFound',
      `There is no Workspace in namespace ${space} ${where}.`,
      `Look in another: ${cluster.command('get', undefined, ' -A')}; or start one: ${cluster.command('up -f FILE')}.`,
    );
  if (others.length === 0) return first;
  throw usage(
    `There are ${items.length} Workspaces in namespace ${space}: ${shortened(items.map((item) => refOf(item).name))}.`,
    'Name one of them.',
  );
}

async function notFound(cluster: Cluster, { namespace, name }: WorkspaceRef): Promise<Error> {
  const { items } = await cluster.client.list(workspaces, { namespace, pageSize: 100 }).catch(() => ({ items: [] }));
  return failure(
    'NotFound',
    `There is no Workspace ${name} in namespace ${namespace} ${cluster.where}.`,
    items.length === 0
      ? `See those of all namespaces: ${cluster.command('get', undefined, ' -A')}.`
      : `There are: ${shortened(items.map((item) => refOf(item).name))}.`,
  );
}

const mostNamed = 8;

function shortened(names: readonly string[]): string {
  return names.length <= mostNamed
    ? names.join(', ')
    : `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`;
}
