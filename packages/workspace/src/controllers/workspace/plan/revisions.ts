import { surgeAnnotation, type Workspace, workspaceLabel } from '@kaito/api';
import {
  controllerReference,
  controllerRevisions,
  isAlreadyExists,
  isControlledBy,
  isNotFound,
  keyOf,
} from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import type { Rendered } from '@kaito/render';
import type { ControllerRevision } from 'kubernetes-types/apps/v1.js';
import { type Caches, indexes, type Live } from '../../../cache/caches.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';

/** How a rollout goes on without a gap: beside the old pod on GPUs that are free, or on a machine that is rented for the time. */
export type Surge = 'free' | 'node';

/** What runs and how it was decided; the content of a ControllerRevision, which never changes. */
export interface Decided {
  /** Of what the person has decided; see `fieldsHash`. */
  readonly fields: string;
  readonly plan: Plan;
  readonly rendered: Rendered;
}

/** What is to run. Revisions of a Workspace are numbered, and the highest number is the one that counts. */
export interface Pin extends Decided {
  /** Name of the ControllerRevision. */
  readonly name: string;
  readonly number: number;
  /** RFC 3339: when it became the one that counts. */
  readonly since: string;
  readonly surge?: Surge;
}

/** As many are kept for a look back as a Deployment keeps. */
const kept = 10;

/** On a ControllerRevision: RFC 3339, when it was made to count. */
const sinceAnnotation = 'kaito.sh/pinned-at';

type Given = Pick<Dependencies, 'caches' | 'client' | 'clock'>;

/** What is pinned for exactly this Workspace; undefined before anything is. */
export function currentPin(workspace: Live<Workspace>, caches: Pick<Caches, 'revisions'>): Pin | undefined {
  const newest = revisionsOf(workspace, caches).at(-1);
  return newest === undefined ? undefined : pinOf(newest);
}

/** A pin of the Workspace by the name of its revision, while that is kept. */
export function pinNamed(workspace: Live<Workspace>, name: string, caches: Pick<Caches, 'revisions'>): Pin | undefined {
  const found = caches.revisions.get({ namespace: workspace.metadata.namespace ?? '', name });
  return found !== undefined && isControlledBy(found, workspace) ? pinOf(found) : undefined;
}

/**
 * Makes this what is to run: a new revision, or an older one of the same content that counts again. The oldest ones beyond ten go.
 * @throws ApiError, ConnectionError
 */
export async function movePin(
  workspace: Live<Workspace>,
  { name, surge, ...decided }: Decided & { readonly name: string; readonly surge?: Surge },
  deps: Given,
): Promise<Pin> {
  const { client, caches, clock } = deps;
  const before = revisionsOf(workspace, caches);
  const number = (before.at(-1)?.revision ?? 0) + 1;
  const { namespace = '', name: workspaceName = '' } = workspace.metadata;
  const since = clock.now().toISOString();
  const annotations = { [sinceAnnotation]: since, ...(surge !== undefined && { [surgeAnnotation]: surge }) };
  const object = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      namespace,
      labels: { [workspaceLabel]: workspaceName },
      annotations,
      ownerReferences: [controllerReference(workspace)],
    },
    data: decided,
    revision: number,
  } as unknown as Live<ControllerRevision>;
  let stored: Live<ControllerRevision>;
  try {
    stored = await client.create(controllerRevisions, object, { fieldManager });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const there = await client.get(controllerRevisions, { namespace, name });
    if (!isControlledBy(there, workspace)) throw error;
    const body = { revision: number, metadata: { annotations: { [surgeAnnotation]: null, ...annotations } } };
    stored = await client.patch(controllerRevisions, { namespace, name }, { type: 'merge', body }, { fieldManager });
  }
  caches.revisions.remember(stored as (typeof before)[number]);
  const others = before.filter(({ metadata }) => metadata.name !== name);
  await forget(others.slice(0, Math.max(0, others.length + 1 - kept)), deps);
  return { ...decided, name, number, since, ...(surge !== undefined && { surge }) };
}

/** Oldest first. */
function revisionsOf(
  workspace: Live<Workspace>,
  caches: Pick<Caches, 'revisions'>,
): readonly Live<ControllerRevision>[] {
  return caches.revisions
    .byIndex(indexes.workspace, keyOf(workspace))
    .filter((revision) => isControlledBy(revision, workspace))
    .toSorted((a, b) => a.revision - b.revision || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}

function pinOf({ metadata, revision, data }: Live<ControllerRevision>): Pin {
  const { [sinceAnnotation]: since, [surgeAnnotation]: surge } = metadata.annotations ?? {};
  return {
    ...(data as unknown as Decided),
    name: metadata.name ?? '',
    number: revision,
    since: since ?? metadata.creationTimestamp ?? '',
    ...((surge === 'free' || surge === 'node') && { surge }),
  };
}

async function forget(revisions: readonly Live<ControllerRevision>[], { client, caches }: Given): Promise<void> {
  for (const { metadata } of revisions) {
    const { namespace = '', name = '', uid = '' } = metadata;
    try {
      await client.delete(controllerRevisions, { namespace, name }, { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    caches.revisions.forget({ namespace, name }, uid);
  }
}
