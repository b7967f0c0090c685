import { type NodeClaim, type Workspace, workspaceLabel } from '@kaito/api';
import { coreEvents, isForbidden, isNotFound, type Live, nodes, pods } from '@kaito/kube';
import type { Event, Node, Pod } from 'kubernetes-types/core/v1.js';
import type { Cluster } from './connect.ts';
import { refOf, type WorkspaceRef } from './lookup.ts';
import { claimsOf } from './machines.ts';

/** What there is around a Workspace. A part that the person has no right to see is undefined. */
export interface Surroundings {
  readonly pods?: readonly Live<Pod>[];
  readonly claims?: readonly Live<NodeClaim>[];
  readonly nodes?: readonly Live<Node>[];
  /** The newest last. */
  readonly events?: readonly Live<Event>[];
}

/** The Workspace's pods, by name. Rejects as a list does. */
export async function podsOf({ client }: Cluster, { namespace, name }: WorkspaceRef): Promise<readonly Live<Pod>[]> {
  const { items } = await client.list(pods, { namespace, labelSelector: `${workspaceLabel}=${name}` });
  return items.toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}

/** Pods and machines whose events are shown; of more, those of the first. */
const mostAsked = 6;

export async function surroundingsOf(cluster: Cluster, workspace: Live<Workspace>): Promise<Surroundings> {
  const { client } = cluster;
  const ref = refOf(workspace);
  const [itsPods, claims, itsNodes] = await Promise.all([
    permitted(podsOf(cluster, ref)),
    permitted(claimsOf(cluster, ref)),
    permitted(Promise.all((workspace.status?.workerNodes ?? []).map((name) => present(client.get(nodes, { name }))))),
  ]);
  const uids = [workspace, ...(itsPods ?? []).slice(0, mostAsked), ...(claims ?? []).slice(0, mostAsked)].map(
    ({ metadata: { uid, namespace = 'default' } }) => ({ uid, namespace }),
  );
  const events = await permitted(
    Promise.all(
      uids.map(({ uid, namespace }) =>
        client.list(coreEvents, { namespace, fieldSelector: `involvedObject.uid=${uid}` }),
      ),
    ),
  );
  return {
    ...(itsPods == null ? {} : { pods: itsPods }),
    ...(claims == null ? {} : { claims }),
    ...(itsNodes == null ? {} : { nodes: itsNodes.filter((node) => node != null) }),
    ...(events == null
      ? {}
      : { events: events.flatMap(({ items }) => items).toSorted((a, b) => (lastSeen(a) < lastSeen(b) ? -1 : 1)) }),
  };
}

/** RFC 3339 of an event's last occurrence, whichever of its fields holds it. */
export function lastSeen(event: Live<Event>): string {
  const { series, lastTimestamp, eventTime, metadata } = event;
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}

function permitted<T>(looked: Promise<T>): Promise<T | undefined> {
  return looked.catch((error: unknown) => {
    if (isForbidden(error)) return undefined;
    throw error;
  });
}

function present<T>(looked: Promise<T>): Promise<T | undefined> {
  return looked.catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
