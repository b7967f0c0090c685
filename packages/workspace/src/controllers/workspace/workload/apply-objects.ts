import { revisionAnnotation, type Workspace } from '@kaito/api';
import type { Fault } from '@kaito/diagnosis';
import {
  ApiError,
  deployments,
  firstDifference,
  type Informer,
  isAlreadyExists,
  isControlledBy,
  isNotFound,
  keyOf,
  type KubeObject,
  type Resource,
  services,
  statefulSets,
} from '@kaito/kube';
import type { RenderedObject } from '@kaito/render';
import { indexes, type Live } from '../../../cache/caches.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';
import { pinNamed } from '../plan/revisions.ts';
import { withNothingElse } from './nothing-else.ts';
import { replacementOf } from './replacement.ts';

type Given = Pick<Dependencies, 'caches' | 'client'>;

interface Place {
  readonly resource: Resource;
  readonly cache: Informer;
}

const kinds = ['Deployment', 'StatefulSet', 'Service'] as const;
type Kind = (typeof kinds)[number];

function placeOf(kind: Kind, { caches }: Given): Place {
  const places = {
    Service: { resource: services, cache: caches.services },
    Deployment: { resource: deployments, cache: caches.deployments },
    StatefulSet: { resource: statefulSets, cache: caches.statefulSets },
  };
  return places[kind] as unknown as Place;
}

/**
 * Makes an object as it was rendered: created where it is missing, replaced where a field of ours differs from what is there or a pod would get
 * more than was rendered, untouched otherwise. One whose unchangeable fields are to change is deleted, and comes anew once it is gone. An object
 * of that name that is not this Workspace's is left alone, and told as a fault.
 *
 * @throws ApiError, ConnectionError
 */
export async function applyObject(
  workspace: Live<Workspace>,
  object: RenderedObject,
  revision: string,
  deps: Given,
): Promise<Fault | undefined> {
  const { resource, cache } = placeOf(object.kind as Kind, deps);
  const ref = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
  const desired = {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [revisionAnnotation]: revision } },
  } as KubeObject;
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
  if (live.metadata.deletionTimestamp !== undefined) return undefined;
  if (firstDifference(withNothingElse(desired), live) === undefined) return undefined;
  const before = live.metadata.annotations?.[revisionAnnotation];
  const old = before === undefined ? undefined : pinNamed(workspace, before, deps.caches)?.rendered;
  const previous =
    old &&
    [old.workload, ...old.services].find(({ kind, metadata }) => kind === object.kind && metadata.name === ref.name);
  try {
    const next = replacementOf(live, desired, previous);
    cache.remember(await deps.client.replace(resource, next, { fieldManager }));
  } catch (error) {
    if (before === revision || !isUnchangeable(error)) throw error;
    await remove(live, deps);
  }
  return undefined;
}

/** The API server's words for fields such as a selector, which nobody may change. */
function isUnchangeable(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status.reason === 'Invalid' &&
    /field is immutable|updates to statefulset spec for fields other than/.test(error.status.message)
  );
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

/**
 * Removes the Workspace's workloads and Services that are not among `wanted`, such as the workload of the other kind. Their pods go after them,
 * and are not waited for: one on a dead node would never end before its machine does.
 *
 * @returns what is still there, e.g. `Deployment demo`. @throws ApiError, ConnectionError
 */
export async function removeOthers(
  workspace: Live<Workspace>,
  wanted: readonly RenderedObject[],
  deps: Given,
): Promise<readonly string[]> {
  const keep = new Set(wanted.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const surplus = kinds.flatMap((kind) =>
    placeOf(kind, deps)
      .cache.byIndex(indexes.workspace, keyOf(workspace))
      .filter((object) => isControlledBy(object, workspace) && !keep.has(`${kind} ${object.metadata.name}`)),
  );
  const gone = await Promise.all(surplus.map((object) => remove(object, deps)));
  return surplus.flatMap(({ kind, metadata }, at) => (gone[at] === true ? [] : `${kind} ${metadata.name}`));
}

/** @returns whether it is gone. */
async function remove(object: KubeObject, deps: Given): Promise<boolean> {
  const { name = '', namespace = '', uid = '', deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined) return false;
  const { resource, cache } = placeOf(object.kind as Kind, deps);
  const ref = { namespace, name };
  try {
    const answer = await deps.client.delete(resource, ref, {
      propagationPolicy: 'Background',
      preconditions: { uid },
    });
    // An object comes back while finalizers hold it.
    if (answer.kind === object.kind && (answer.metadata.finalizers ?? []).length > 0) {
      cache.remember(answer as KubeObject);
      return false;
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  cache.forget(ref, uid);
  return true;
}
