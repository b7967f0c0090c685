import { type Workspace, workspaceLabel, workspaceUIDAnnotation } from '@kaito/api';
import type { KubeObject } from '@kaito/kube';
import type { Rendered, RenderedObject } from '@kaito/render';
import type { Live } from '../../../cache/caches.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';
import type { MadeElsewhere } from './made-elsewhere.ts';

/**
 * Makes what another KAITO has made this Workspace's own: its NodeClaims get our annotation, so that they count, are never asked for anew and
 * go with the Workspace. Nodes and pods are not touched. May be cut off and repeated.
 *
 * @returns the live workload and Services as the objects of a first revision, with the label by which the caches find them; applied, they change
 * nothing that would restart a pod. Undefined where there is no workload yet: then it is made as for any other Workspace.
 * @throws ApiError, ConnectionError
 */
export async function adopt(
  workspace: Live<Workspace>,
  { claims, workload, services }: MadeElsewhere,
  { client, caches, recorder }: Pick<Dependencies, 'caches' | 'client' | 'recorder'>,
): Promise<Rendered | undefined> {
  const annotations = { [workspaceUIDAnnotation]: workspace.metadata.uid ?? '' };
  const { resource } = caches.nodeClaims;
  await Promise.all(
    claims.map(async ({ metadata: { name = '', resourceVersion } }) => {
      const patch = { type: 'merge', body: { metadata: { resourceVersion, annotations } } } as const;
      caches.nodeClaims.remember(await client.patch(resource, { name }, patch, { fieldManager }));
    }),
  );
  const things = [workload, ...services].filter((object) => object !== undefined);
  recorder.record(workspace, {
    type: 'Normal',
    reason: 'Adopted',
    message: `Taken over as they are: ${[...things, ...claims].map(({ kind, metadata }) => `${kind} ${metadata.name ?? ''}`).join(', ')}.`,
  });
  if (workload === undefined) return undefined;
  const name = workspace.metadata.name ?? '';
  return {
    services: services.map((service) => asRendered(service, name)),
    workload: asRendered(workload, name),
  };
}

/** A live object without what the API server and controllers have added to its metadata. */
function asRendered(live: KubeObject, workspace: string): RenderedObject {
  const { name = '', namespace, labels, annotations, ownerReferences } = live.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !transient.has(key));
  return {
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: { ...labels, [workspaceLabel]: workspace },
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
      ...(ownerReferences !== undefined && { ownerReferences }),
    },
    spec: (live as unknown as { readonly spec: RenderedObject['spec'] }).spec,
  };
}

/** Annotations that others keep up to date. */
const transient = new Set(['deployment.kubernetes.io/revision', 'kubectl.kubernetes.io/last-applied-configuration']);
