import { isTrue, type Workspace, workspaceLabel, workspaceNamespaceLabel } from '@kaito/api';
import {
  type Client,
  controllerRevisions,
  coreEvents,
  deployments,
  type KubeObject,
  pods,
  type Resource,
  services,
  statefulSets,
} from '@kaito/kube';
import type { Live } from '../../cache/caches.ts';
import { nodeClaims, workspaces } from '../../cache/resources.ts';

/** Ready, with its endpoint, and every phase is over: Services and pods are told of by watches of their own, which may come after the workload's. */
export function isSettled({ status }: Live<Workspace>): boolean {
  const { conditions, endpoint, phases = [] } = status ?? {};
  return (
    isTrue(conditions, 'WorkspaceReady') && endpoint !== undefined && phases.every(({ state }) => state === 'done')
  );
}

/** Everything of one namespace's Workspaces, sorted, without what differs from one run to the next: UIDs, times, names that are made of UIDs. */
export async function finalObjects(client: Client, namespace: string): Promise<readonly unknown[]> {
  const within = [workspaces, services, deployments, statefulSets, controllerRevisions, pods] as readonly Resource[];
  const lists = await Promise.all(within.map(async (resource) => (await client.list(resource, { namespace })).items));
  const labelSelector = `${workspaceNamespaceLabel}=${namespace}`;
  const claims = (await client.list(nodeClaims as Resource, { labelSelector })).items;
  // The cluster's own Service, and the revisions that a StatefulSet keeps for itself, are none of these.
  const own = lists
    .flat()
    .filter(({ kind, metadata: { labels } }) => kind === 'Workspace' || labels?.[workspaceLabel] !== undefined)
    .filter(({ metadata: { labels } }) => labels?.['controller.kubernetes.io/hash'] === undefined);
  return [...own, ...claims]
    .map((object) => comparable(object, namespace))
    .toSorted()
    .map((text): unknown => JSON.parse(text));
}

/** Events that were told twice: each turn is told once. */
export async function doubledEvents(client: Client, namespace: string): Promise<readonly string[]> {
  const { items } = await client.list(coreEvents, { namespace });
  const seen = new Set<string>();
  return items
    .filter(({ involvedObject }) => involvedObject.kind === 'Workspace')
    .flatMap(({ reason = '', message = '', count = 1 }) => {
      const told = `${reason}: ${message}`;
      const twice = seen.has(told) || count > 1;
      seen.add(told);
      return twice ? told : [];
    });
}

function comparable({ metadata, ...object }: KubeObject, namespace: string): string {
  const { name, labels, annotations, finalizers, ownerReferences, deletionTimestamp } = metadata;
  const isPod = object.kind === 'Pod';
  // The status of others is for others to write, each in its own time.
  const { status: _status, ...spec } = object as typeof object & { readonly status?: unknown };
  const written = object.kind === 'Workspace' ? object : spec;
  const shown = isPod
    ? { kind: object.kind, deletionTimestamp, labels: Object.keys(labels ?? {}) }
    : { ...written, metadata: { name, labels, annotations, finalizers, ownerReferences, deletionTimestamp } };
  return JSON.stringify(shown)
    .replaceAll(namespace, 'NAMESPACE')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replaceAll(/\bws[0-9a-f]{9}\b/g, 'CLAIM')
    .replaceAll(/\bphi-[0-9a-z]{8,10}\b/g, 'REVISION')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/"(?:\d{1,3}\.){3}\d{1,3}"/g, '"ADDRESS"')
    .replaceAll(/"inputsHash":"[0-9a-f]+"/g, '"inputsHash":""')
    .replaceAll(/"nodePort":\d+/g, '"nodePort":0')
    .replaceAll(/"resourceVersion":"\d+"/g, '"resourceVersion":""');
}
