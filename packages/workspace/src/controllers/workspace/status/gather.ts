import type { Workspace } from '@kaito/api';
import type { Evidence, Fault, NodesEvidence, PodEvidence, UpdateEvidence } from '@kaito/diagnosis';
import { keyOf } from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import type { Service } from 'kubernetes-types/core/v1.js';
import { type Caches, type Live, indexes } from '../../../cache/caches.ts';
import type { NodesOutcome, ReleaseOutcome } from '../nodes/outcome.ts';
import { nodeClaimsEvidence, nodesEvidence, nodesReadyAt } from './node-evidence.ts';
import { phaseClock } from './phase-clock.ts';
import { podEvidence } from './pod-evidence.ts';
import { managedCluster, provisionerEvidence } from './provisioner-evidence.ts';
import { currentPods, workloadEvidence } from './workload-evidence.ts';

/** What a reconcile knows of a Workspace when it has done what it could. */
export interface Sighting {
  readonly workspace: Live<Workspace>;
  readonly plan: Plan;
  readonly caches: Caches;
  /** Absent where nodes were not looked at: the Plan is refused, the Workspace is being deleted, or another operator's. */
  readonly nodes?: NodesOutcome;
  /** What went wrong beyond the nodes (whose own faults are in `nodes`), e.g. from `faultOf`. */
  readonly faults?: readonly Fault[];
  readonly update?: UpdateEvidence;
  readonly managedElsewhere?: string;
  /** While it is being deleted. */
  readonly release?: ReleaseOutcome;
  /** Warning events of a pod, or of the workload, by its name; from `createWarnings`. */
  readonly warnings?: ReadonlyMap<string, NonNullable<PodEvidence['warnings']>>;
}

/** Everything `assess` needs to know of a Workspace in a cluster. Pure: reads caches, asks nobody. */
export function gather(seen: Sighting): Evidence {
  const { workspace, plan, caches, nodes, release } = seen;
  const ref = { namespace: workspace.metadata.namespace ?? '', name: workspace.metadata.name ?? '' };
  const key = keyOf(workspace);
  const workload = workloadOf(plan, caches, ref);
  const live = caches.pods.byIndex(indexes.workspace, key);
  const isCurrent = currentPods(workload, live);
  const pods = live
    .map((pod) => withWarnings(podEvidence(pod, isCurrent(pod)), seen.warnings))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const seenWorkload = workload && workloadEvidence(workload);
  const failure = seen.warnings?.get(ref.name)?.find(({ reason }) => reason === 'FailedCreate')?.message;
  const shown =
    seenWorkload && failure !== undefined && seenWorkload.replicaFailure === undefined
      ? { ...seenWorkload, replicaFailure: failure }
      : seenWorkload;
  const claims = nodeClaimsEvidence(nodes?.nodeClaims, caches.nodeClaims);
  const provisioner = claims && provisionerEvidence(caches.provisioners);
  const cluster = managedCluster(caches.provisioners);
  const nodesSeen = nodes && nodesEvidence(nodes.nodes, nodeNames(nodes, claims, pods), caches.nodes);
  const readyAt = nodesSeen && nodesReadyAt(nodesSeen.ready, caches.nodes);
  const requestedAt = nodes?.requestedAt ?? earliestOf(claims?.map(({ createdAt }) => createdAt));
  const endpoint = endpointOf(caches.services.get(ref));
  const faults = [...(nodes?.faults ?? []), ...(seen.faults ?? [])];
  const deleting = workspace.metadata.deletionTimestamp !== undefined;
  return {
    phases: phaseClock({
      plan,
      nodesReady: nodesSeen === undefined || areReady(nodesSeen),
      pods,
      ...(workspace.metadata.creationTimestamp !== undefined && { createdAt: workspace.metadata.creationTimestamp }),
      ...(requestedAt !== undefined && { nodesRequestedAt: requestedAt }),
      ...(readyAt !== undefined && { nodesReadyAt: readyAt }),
      ...(shown !== undefined && { workload: shown }),
    }),
    pods,
    ...(nodesSeen !== undefined && { nodes: nodesSeen }),
    ...(provisioner !== undefined && { provisioner }),
    ...(cluster !== undefined && { managedCluster: cluster }),
    ...(claims !== undefined && { nodeClaims: claims, nodeClaimsInstalled: caches.nodeClaims.available }),
    ...(shown !== undefined && { workload: shown }),
    ...(endpoint !== undefined && { serviceEndpoint: endpoint }),
    ...(faults.length > 0 && { faults }),
    ...(seen.update !== undefined && { update: seen.update }),
    ...(seen.managedElsewhere !== undefined && { managedElsewhere: seen.managedElsewhere }),
    ...(deleting && { deleting: true }),
    ...(release !== undefined && !release.done && { deletionWaitsFor: release.waitsFor }),
  };
}

type Workload = ReturnType<Caches['deployments']['get']> | ReturnType<Caches['statefulSets']['get']>;

/** The workload of the Plan's kind; while a rollout changes the kind, the one that is still there. */
function workloadOf(plan: Plan, caches: Caches, ref: { readonly namespace: string; readonly name: string }): Workload {
  const [first, second] =
    plan.shape?.workload === 'StatefulSet'
      ? [caches.statefulSets, caches.deployments]
      : [caches.deployments, caches.statefulSets];
  return first.get(ref) ?? second.get(ref);
}

function withWarnings(pod: PodEvidence, warnings: Sighting['warnings']): PodEvidence {
  const seen = warnings?.get(pod.name);
  return seen === undefined ? pod : { ...pod, warnings: seen };
}

function nodeNames(
  nodes: NodesOutcome,
  claims: ReturnType<typeof nodeClaimsEvidence>,
  pods: readonly PodEvidence[],
): string[] {
  return [
    ...nodes.workerNodes,
    ...(nodes.nodes.withoutPlugin ?? []),
    ...(claims ?? []).flatMap(({ nodeName }) => nodeName ?? []),
    ...pods.flatMap(({ node }) => node ?? []),
  ];
}

function areReady(nodes: NodesEvidence): boolean {
  return nodes.ready.length >= nodes.wanted;
}

function earliestOf(times: readonly (string | undefined)[] | undefined): string | undefined {
  return times?.filter((time) => time !== undefined).toSorted()[0];
}

/** Where the Service answers inside the cluster, e.g. `http://demo.team.svc`; the first port, 80 being left out. */
function endpointOf(service: Live<Service> | undefined): string | undefined {
  const port = service?.spec?.ports?.[0]?.port;
  if (service === undefined || port === undefined) return undefined;
  return `http://${service.metadata.name}.${service.metadata.namespace}.svc${port === 80 ? '' : `:${port}`}`;
}
