import { parse } from 'yaml';
import type { JsonObject, Resource } from '../../store/store.ts';
import { partsOf } from '../names.ts';

interface Entry {
  readonly cluster?: JsonObject;
  readonly user?: JsonObject;
}

/**
 * The kubeconfig that `az aks get-credentials` merges, by the names AKS gives: context and cluster as the cluster, user
 * `clusterUser_<group>_<cluster>` (or clusterAdmin).
 *
 * @param admin text of the administrator's kubeconfig; undefined: nothing stands behind the cluster, and it leads nowhere
 */
export function clusterKubeconfig(
  cluster: Resource,
  role: 'clusterUser' | 'clusterAdmin',
  admin: string | undefined,
): string {
  const { resourceGroup, name } = partsOf(cluster.id);
  const user = `${role}_${resourceGroup}_${name}`;
  const source =
    admin === undefined
      ? undefined
      : (parse(admin) as { readonly clusters: readonly Entry[]; readonly users: readonly Entry[] });
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: source?.clusters[0]?.cluster ?? { server: `https://${String(cluster.properties['fqdn'])}:443` },
      },
    ],
    users: [{ name: user, user: source?.users[0]?.user ?? {} }],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  })}\n`;
}
