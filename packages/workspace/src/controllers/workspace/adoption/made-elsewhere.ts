import {
  adoptAnnotation,
  headlessServiceName,
  type NodeClaim,
  revisionAnnotation,
  type Workspace,
  workspaceFinalizer,
  workspaceUIDAnnotation,
} from '@kaito/api';
import {
  deployments,
  isControlledBy,
  isNotFound,
  keyOf,
  type KubeObject,
  type Resource,
  services,
  statefulSets,
} from '@kaito/kube';
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Service } from 'kubernetes-types/core/v1.js';
import { indexes, type Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';

/** What another KAITO has made for a Workspace. */
export interface MadeElsewhere {
  readonly claims: readonly Live<NodeClaim>[];
  readonly workload?: Live<Deployment> | Live<StatefulSet>;
  readonly services: readonly Live<Service>[];
}

/** The person wants what is there to be taken over as it is. */
export function isToBeAdopted(workspace: Live<Workspace>): boolean {
  return workspace.metadata.annotations?.[adoptAnnotation] === 'true';
}

/**
 * Looks for objects of this Workspace that are not of our making: NodeClaims with its labels and without our annotation, and a workload and
 * Services that it owns and that carry no revision of ours. Undefined where there are none. KAITO's Go versions put no labels on workload and
 * Services, so the API server is asked for these by name; only for a Workspace that somebody has worked on already and that has no revision
 * of ours yet, so never for a new one nor for one that runs.
 *
 * @throws ApiError, ConnectionError
 */
export async function lookForMadeElsewhere(
  workspace: Live<Workspace>,
  deps: Pick<Dependencies, 'caches' | 'client'>,
): Promise<MadeElsewhere | undefined> {
  const { caches } = deps;
  const key = keyOf(workspace);
  if (caches.revisions.byIndex(indexes.workspace, key).some((revision) => isControlledBy(revision, workspace))) {
    return undefined;
  }
  const claims = caches.nodeClaims
    .byIndex(indexes.workspace, key)
    .filter(({ metadata }) => metadata.annotations?.[workspaceUIDAnnotation] === undefined)
    .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  const touched =
    (workspace.metadata.finalizers ?? []).includes(workspaceFinalizer) || workspace.status?.conditions !== undefined;
  if (!touched && claims.length === 0) return undefined;

  const { namespace = '', name = '' } = workspace.metadata;
  const look = async <T extends KubeObject>(resource: Resource<T>, of: string): Promise<T | undefined> => {
    try {
      const found = await deps.client.get(resource, { namespace, name: of });
      const ours = found.metadata.annotations?.[revisionAnnotation] !== undefined;
      return isControlledBy(found, workspace) && !ours ? found : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const [deployment, statefulSet, main, headless] = await Promise.all([
    look(deployments, name),
    look(statefulSets, name),
    look(services, name),
    look(services, headlessServiceName(name)),
  ]);
  const workload = statefulSet ?? deployment;
  const found = [main, headless].filter((service) => service !== undefined);
  if (claims.length === 0 && workload === undefined && found.length === 0) return undefined;
  return { claims, services: found, ...(workload !== undefined && { workload }) };
}

/** For `ManagedElsewhere`: who has made what, and how it is taken over. */
export function describeMadeElsewhere(
  workspace: Live<Workspace>,
  { claims, workload, services }: MadeElsewhere,
): string {
  const { namespace = '', name = '' } = workspace.metadata;
  const things = [
    ...(workload === undefined ? [] : [`${workload.kind} ${workload.metadata.name ?? ''}`]),
    ...services.map(({ metadata }) => `Service ${metadata.name ?? ''}`),
    ...claims.map(({ metadata }) => `NodeClaim ${metadata.name ?? ''}`),
  ];
  return `another KAITO, which made ${things.join(', ')}; to take them over as they are: kubectl annotate workspace ${name} -n ${namespace} ${adoptAnnotation}=true`;
}
