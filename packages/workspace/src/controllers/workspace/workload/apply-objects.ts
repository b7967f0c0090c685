import { revisionAnnotation, type Workspace, workspaceLabel } from '@kaito/api';
import type { Fault } from '@kaito/diagnosis';
import {
  deployments,
  firstDifference,
  type Informer,
  isAlreadyExists,
  isControlledBy,
  isNotFound,
  type KubeObject,
  type Resource,
  services,
  statefulSets,
} from '@kaito/kube';
import type { RenderedObject } from '@kaito/render';
import type { Live } from '../../../cache/caches.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';
import { faultOf } from '../status/index.ts';

interface Place {
  readonly resource: Resource;
  readonly cache: Informer;
}

type Kind = 'Service' | 'Deployment' | 'StatefulSet';

function placeOf(kind: Kind, { caches }: Dependencies): Place {
  const places = {
    Service: { resource: services, cache: caches.services },
    Deployment: { resource: deployments, cache: caches.deployments },
    StatefulSet: { resource: statefulSets, cache: caches.statefulSets },
  };
  return places[kind] as unknown as Place;
}

/**
 * Makes an object as it was rendered: created where it is missing, replaced where a field of ours differs from what is there (a list with a
 * member more differs too), untouched otherwise. An object of that name that is not this Workspace's is left alone, and told as a fault, as
 * is what the API server refuses.
 */
export async function applyObject(
  workspace: Live<Workspace>,
  object: RenderedObject,
  revision: string,
  deps: Dependencies,
): Promise<Fault | undefined> {
  const { resource, cache } = placeOf(object.kind as Kind, deps);
  const ref = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
  const desired = {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [revisionAnnotation]: revision } },
  } as KubeObject;
  const doing = `${object.kind} ${object.metadata.name}`;
  try {
    let live = cache.get(ref);
    if (live === undefined) {
      try {
        cache.remember(await deps.client.create(resource, desired, { fieldManager }));
        return undefined;
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        live = await deps.client.get(resource, ref);
      }
    }
    if (!isControlledBy(live, workspace)) return nameTaken(object, live);
    if (live.metadata.deletionTimestamp !== undefined || firstDifference(desired, live) === undefined) return undefined;
    cache.remember(await deps.client.replace(resource, merged(live, desired), { fieldManager }));
    return undefined;
  } catch (error) {
    return faultOf(error, `write ${doing}`);
  }
}

/**
 * What is sent in place of `live`: its identity and the labels and annotations of others, everything else as desired. A Service keeps what
 * the API server has allotted to it.
 */
function merged(live: KubeObject, desired: KubeObject): KubeObject {
  const { spec } = desired as unknown as { readonly spec: object };
  const allotted = desired.kind === 'Service' ? (live as unknown as { readonly spec: object }).spec : {};
  return {
    ...live,
    metadata: {
      ...live.metadata,
      labels: { ...live.metadata.labels, ...desired.metadata.labels },
      annotations: { ...live.metadata.annotations, ...desired.metadata.annotations },
    },
    spec: { ...allotted, ...spec },
  } as KubeObject;
}

function nameTaken(object: RenderedObject, live: KubeObject): Fault {
  const owner = live.metadata.ownerReferences?.find(({ controller }) => controller === true);
  const whose = owner === undefined ? 'nobody has marked as theirs' : `belongs to ${owner.kind} ${owner.name}`;
  return {
    code: 'NameTaken',
    kind: 'terminal',
    message: `${object.kind} ${object.metadata.name} exists already and ${whose}; it is left alone`,
    remedy: `rename the Workspace, or remove it: kubectl delete ${object.kind.toLowerCase()} ${object.metadata.name} -n ${object.metadata.namespace}`,
  };
}

/** Removes objects of the Workspace that are not among `wanted`, such as the workload of the other kind. @returns what is still there. */
export async function removeOthers(
  workspace: Live<Workspace>,
  wanted: readonly RenderedObject[],
  deps: Dependencies,
): Promise<readonly string[]> {
  const keep = new Set(wanted.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const left: string[] = [];
  for (const kind of ['Deployment', 'StatefulSet', 'Service'] as const) {
    const { resource, cache } = placeOf(kind, deps);
    for (const object of cache.byIndex('workspace', `${workspace.metadata.namespace}/${workspace.metadata.name}`)) {
      const { name, namespace, uid, deletionTimestamp, labels } = object.metadata;
      if (keep.has(`${kind} ${name}`) || !isControlledBy(object, workspace)) continue;
      if (labels?.[workspaceLabel] !== workspace.metadata.name) continue;
      const ref = { namespace: namespace ?? '', name: name ?? '' };
      if (deletionTimestamp === undefined) {
        try {
          await deps.client.delete(resource, ref, {
            propagationPolicy: 'Background',
            ...(uid !== undefined && { preconditions: { uid } }),
          });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }
      if (cache.get(ref)?.metadata.uid === uid) left.push(`${kind} ${name}`);
    }
  }
  return left;
}
