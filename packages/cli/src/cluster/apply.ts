import { bypassResourceChecksAnnotation, convert, type Workspace } from '@kaito/api';
import { isNotFound, type Live } from '@kaito/kube';
import type { Cluster } from './connect.ts';
import { workspaces } from './resources.ts';

const fieldManager = 'kaito-cli';

export type Change = 'created' | 'configured' | 'unchanged';

/** A manifest as it is applied: in its namespace, without status, in the version that is read and written. */
export function applied(workspace: Workspace, cluster: Cluster, overrideEstimate: boolean): Live<Workspace> {
  const { status: _status, ...rest } = workspace;
  const { metadata } = rest;
  const annotations = {
    ...metadata.annotations,
    ...(overrideEstimate ? { [bypassResourceChecksAnnotation]: 'true' } : {}),
  };
  return {
    ...convert(rest, 'kaito.sh/v1beta1'),
    metadata: {
      ...metadata,
      namespace: metadata.namespace ?? cluster.namespace,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  } as Live<Workspace>;
}

/** What applying would do, as admission and the schema see it: nothing is stored. Rejects as the apply itself would. */
export async function tryOut(cluster: Cluster, object: Live<Workspace>, force: boolean): Promise<Change> {
  const { namespace = '', name = '' } = object.metadata;
  const before = await cluster.client.get(workspaces, { namespace, name }).catch((error: unknown) => {
    if (isNotFound(error) && error.status.details?.kind === 'workspaces') return undefined;
    throw error;
  });
  const after = await store(cluster, object, { force, dryRun: true });
  if (before == null) return 'created';
  return before.metadata.resourceVersion === after.metadata.resourceVersion ? 'unchanged' : 'configured';
}

/** Server-side apply. */
export function store(
  { client }: Cluster,
  object: Live<Workspace>,
  { force, dryRun = false }: { readonly force: boolean; readonly dryRun?: boolean },
): Promise<Live<Workspace>> {
  return client.apply(workspaces, object, { fieldManager, force, dryRun, fieldValidation: 'Strict' });
}
