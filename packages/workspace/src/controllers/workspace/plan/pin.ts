import { updateAnnotation, type Workspace, workspaceLabel } from '@kaito/api';
import type { UpdateEvidence } from '@kaito/diagnosis';
import { controllerReference, controllerRevisions, isAlreadyExists, isControlledBy, keyOf } from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import { render, type Rendered } from '@kaito/render';
import type { ControllerRevision } from 'kubernetes-types/apps/v1.js';
import { indexes, type Live } from '../../../cache/caches.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';
import { differenceOf } from './difference.ts';
import { fieldsHash, sha256 } from './fields-hash.ts';

/** What a ControllerRevision of ours holds. */
interface PinnedData {
  /** Of the Workspace's own fields; see `fieldsHash`. */
  readonly fields: string;
  readonly plan: Plan;
  readonly rendered: Rendered;
}

/** What is to run: as it was decided when the person last changed the Workspace. */
export interface Pinned {
  /** Name of the ControllerRevision. */
  readonly revision: string;
  readonly plan: Plan;
  readonly rendered: Rendered;
  /** What this operator and catalog would do differently; held. */
  readonly update?: UpdateEvidence;
}

/** Old revisions kept for a look back; as many as a Deployment keeps. */
const kept = 10;

/**
 * Pins what runs. A Workspace that the person has changed gets a new revision at once. While it is unchanged, the revision decides, whatever
 * a newer operator or catalog would make of it: that is told as an update, and taken over when the annotation `kaito.sh/update` says `now` or
 * names the new revision. So an upgrade of the operator restarts no pod.
 *
 * @throws ApiError, ConnectionError
 */
export async function pin(workspace: Live<Workspace>, fresh: Plan, deps: Dependencies): Promise<Pinned> {
  const fields = fieldsHash(workspace);
  const rendered = render(fresh, workspace, { serverImage: deps.options.serverImage });
  const name = revisionName(workspace, { fields, rendered });
  const revisions = revisionsOf(workspace, deps);
  const current = revisions.at(-1);
  const held = current === undefined ? undefined : (current.data as PinnedData | undefined);
  if (current !== undefined && held?.fields === fields) {
    const revision = current.metadata.name!;
    if (revision === name) return { revision, plan: held.plan, rendered: held.rendered };
    const asked = workspace.metadata.annotations?.[updateAnnotation];
    if (asked !== 'now' && asked !== name) {
      const update = { difference: differenceOf(held.rendered, rendered), revision: name };
      return { revision, plan: held.plan, rendered: held.rendered, ...(update.difference.length > 0 && { update }) };
    }
  }
  await store(workspace, { fields, plan: slim(fresh), rendered }, name, (current?.revision ?? 0) + 1, deps);
  await forgetOld(revisions.slice(0, Math.max(0, revisions.length - kept)), deps);
  return { revision: name, plan: fresh, rendered };
}

/** Revisions of exactly this Workspace, oldest first. */
function revisionsOf(workspace: Live<Workspace>, { caches }: Dependencies): readonly Live<ControllerRevision>[] {
  return caches.revisions
    .byIndex(indexes.workspace, keyOf(workspace))
    .filter((revision) => isControlledBy(revision, workspace))
    .toSorted((a, b) => a.revision - b.revision);
}

function revisionName(workspace: Live<Workspace>, content: Pick<PinnedData, 'fields' | 'rendered'>): string {
  return `${workspace.metadata.name}-${sha256(JSON.stringify(content)).slice(0, 8)}`;
}

/** The Plan without what only explains it. */
function slim(plan: Plan): Plan {
  return { ...plan, alternatives: [], decisions: [] };
}

async function store(
  workspace: Live<Workspace>,
  data: PinnedData,
  name: string,
  revision: number,
  { client, caches }: Dependencies,
): Promise<void> {
  const { namespace } = workspace.metadata;
  const object: Live<ControllerRevision> = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: { [workspaceLabel]: workspace.metadata.name! },
      ownerReferences: [controllerReference(workspace)],
    },
    data,
    revision,
  } as unknown as Live<ControllerRevision>;
  try {
    caches.revisions.remember(await client.create(controllerRevisions, object, { fieldManager }));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    // The person went back to what was before: that revision becomes the newest again.
    const ref = { namespace: namespace ?? '', name };
    const body = { revision, metadata: { ownerReferences: object.metadata.ownerReferences } };
    caches.revisions.remember(await client.patch(controllerRevisions, ref, { type: 'merge', body }, { fieldManager }));
  }
}

async function forgetOld(
  revisions: readonly Live<ControllerRevision>[],
  { client, caches }: Dependencies,
): Promise<void> {
  for (const { metadata } of revisions) {
    const ref = { namespace: metadata.namespace!, name: metadata.name! };
    await client.delete(controllerRevisions, ref, { preconditions: { uid: metadata.uid! } });
    caches.revisions.forget(ref, metadata.uid!);
  }
}
