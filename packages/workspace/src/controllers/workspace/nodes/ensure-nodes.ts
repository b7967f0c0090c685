import { isTrue, type NodeClaim, nodeClaimConditions, type Workspace } from '@kaito/api';
import type { Fault, NodeClaimEvidence, NodesEvidence, NodeTrouble } from '@kaito/diagnosis';
import { isNotFound } from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Live } from '../../../cache/caches.ts';
import { labelAccelerator, lacksAcceleratorLabel } from '../../node/accelerator-label.ts';
import type { Dependencies } from '../dependencies.ts';
import { apiFault, type Deed } from './api-fault.ts';
import { chooseNodes, type NodeChoice } from './choose-nodes.ts';
import { deleteClaim } from './delete-claim.ts';
import { idleSurge } from './surge.ts';
import { hasNoNode, isFailing, type Machine, machinesOf, ownClaims, recordsOf, wantedMachines } from './machines.ts';
import { pressuresOf } from './node-facts.ts';
import { nodeRequest } from './node-request.ts';
import type { NodesOutcome } from './outcome.ts';
import { requestMachines, type Requested } from './request-machines.ts';
import { type NoMachines, shortageFault } from './shortage.ts';

export interface EnsureNodes {
  readonly workspace: Live<Workspace>;
  readonly plan: Plan;
  readonly deps: Pick<Dependencies, 'caches' | 'catalog' | 'client' | 'clock' | 'ledger' | 'options' | 'recorder'>;
  /** Machines for the time of a rollout, beside those of `resource.count`. */
  readonly extraMachines?: 0 | 1;
}

/**
 * Finds the nodes of a Workspace among those that exist, and asks for machines in place of those that are missing, all at once. It decides
 * from the caches, waits for nothing, and does nothing when nothing is missing. What the API server refuses comes back as a fault.
 *
 * @throws RangeError for a Plan without placement; what is neither a refusal nor a lost connection.
 */
export async function ensureNodes(given: EnsureNodes): Promise<NodesOutcome> {
  const { workspace, plan, deps, extraMachines = 0 } = given;
  const { caches, catalog, ledger } = deps;
  const request = nodeRequest(workspace, plan);
  const count = workspace.resource?.count ?? 1;
  const wanted = count + extraMachines;
  const claims = ownClaims(workspace, caches);
  const faults: Fault[] = await lookForLostNodes(claims, deps);

  const machines = machinesOf(workspace, claims, wanted, ledger);
  const living = machines.filter(({ lives }) => lives);
  for (const { ordinal, claim } of living) {
    ledger.sawClaim(
      request.uid,
      ordinal,
      claim.metadata.name ?? '',
      isTrue(claim.status?.conditions, nodeClaimConditions.initialized),
    );
  }
  const choice = chooseNodes({
    request,
    caches,
    ledger,
    catalog,
    wanted,
    workerNodes: workspace.status?.workerNodes ?? [],
    claims: living.map(({ claim }) => ({ nodeName: claim.status?.nodeName, failing: isFailing(claim) })),
    now: deps.clock.now(),
  });
  const chosen = [...choice.ready, ...choice.awaitPlugin, ...choice.recovering];
  ledger.hold(request, chosen.map(nameOf));
  const obstacle = obstacleTo(request.instanceType, given);
  const asking = choice.missing > 0 && obstacle === undefined;
  // Who rents does not wait for the nodes that others may need.
  ledger.wait(request, asking ? choice.short - choice.missing : choice.short, choice.heldBack);
  if (choice.missing > 0 && obstacle !== undefined) {
    const { missing, unfit } = choice;
    // A surge machine that cannot be had is no fault of the Workspace.
    if (missing > extraMachines)
      faults.push(shortageFault(obstacle, { request, wanted: count, missing: missing - extraMachines, unfit }));
  }
  const unlabelled = request.demand.gpus > 0 ? chosen.filter(lacksAcceleratorLabel) : [];
  const surplus = extraMachines === 0 ? idleSurge(workspace, count, living, choice, deps) : [];
  const [requested, labelling, returning] = await Promise.all([
    asking
      ? requestMachines(workspace, plan, wantedMachines(workspace, machines, choice.missing, ledger), deps)
      : nothingRequested,
    each(
      unlabelled,
      (node) => labelAccelerator(node, deps),
      (node) => ({ doing: `label node ${nameOf(node)} with accelerator=nvidia`, verb: 'patch', resource: 'nodes' }),
    ),
    each(
      surplus,
      ({ claim }) => deleteClaim(claim, deps),
      ({ claim }) => ({
        doing: `delete NodeClaim ${claim.metadata.name ?? ''}`,
        verb: 'delete',
        resource: 'nodeclaims.karpenter.sh',
      }),
    ),
  ]);
  if (asking && requested.claims.length < choice.missing) ledger.wait(request, choice.short, choice.heldBack);
  return outcome(given, {
    machines,
    living: living.filter((machine) => !surplus.includes(machine)),
    choice,
    requested,
    faults: [...faults, ...requested.faults, ...labelling.faults, ...returning.faults],
    requeues: [choice.giveUpInMs, requested.requeueAfterMs, labelling.requeueAfterMs, returning.requeueAfterMs],
  });
}

const nothingRequested: Requested = { records: [], claims: [], faults: [] };

function nameOf(node: Live<Node>): string {
  return node.metadata.name ?? '';
}

function obstacleTo(instanceType: string | undefined, { deps }: EnsureNodes): NoMachines | undefined {
  if (instanceType === undefined) return 'existingOnly';
  if (deps.options.nodeProvisioner === 'none') return 'noProvisioner';
  return deps.caches.nodeClaims.available ? undefined : 'notInstalled';
}

/**
 * A machine whose node is gone is replaced. Since the caches of nodes and of NodeClaims do not move together, the API server is asked once
 * for each such node.
 */
async function lookForLostNodes(
  claims: readonly Live<NodeClaim>[],
  { caches, client, ledger }: Pick<Dependencies, 'caches' | 'client' | 'ledger'>,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const look = async (claim: Live<NodeClaim>) => {
    const { uid = '', deletionTimestamp } = claim.metadata;
    if (!hasNoNode(claim, caches)) return ledger.foundAgain(uid);
    if (deletionTimestamp !== undefined || ledger.isLost(uid)) return;
    const name = claim.status?.nodeName ?? '';
    try {
      caches.nodes.remember(await client.get(caches.nodes.resource, { name }));
    } catch (error) {
      if (isNotFound(error)) ledger.sawLost(uid);
      else faults.push(apiFault(error, { doing: `read node ${name}`, verb: 'get', resource: 'nodes' }).fault);
    }
  };
  await Promise.all(claims.map(look));
  return faults;
}

/** Does the same to each, all at once; what is gone meanwhile needs nothing. */
async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  deed: (item: T) => Deed,
): Promise<{ readonly faults: readonly Fault[]; readonly requeueAfterMs?: number }> {
  const results = await Promise.allSettled(items.map(work));
  const failures = results.flatMap((result, at) =>
    result.status === 'fulfilled' || isNotFound(result.reason) ? [] : apiFault(result.reason, deed(items[at]!)),
  );
  return {
    faults: failures.map(({ fault }) => fault),
    ...(failures.length > 0 && { requeueAfterMs: Math.min(...failures.map(({ retryAfterMs }) => retryAfterMs)) }),
  };
}

interface Seen {
  readonly machines: readonly Machine[];
  readonly living: readonly Machine[];
  readonly choice: NodeChoice;
  readonly requested: Requested;
  readonly faults: readonly Fault[];
  readonly requeues: readonly (number | undefined)[];
}

function outcome({ workspace, plan }: EnsureNodes, seen: Seen): NodesOutcome {
  const { living, choice, requested, faults } = seen;
  const claims = [
    ...new Map(
      [...living.map(({ claim }) => claim), ...requested.claims].map((claim) => [claim.metadata.uid, claim]),
    ).values(),
  ];
  const requestedAt = earliest(seen.machines.map(({ claim }) => claim).concat(requested.claims));
  const requeues = seen.requeues.filter((ms) => ms !== undefined);
  const rents = plan.placement?.instanceType !== undefined || claims.length > 0;
  return {
    nodes: evidenceOf(choice, workspace.resource?.count ?? 1),
    ...(rents && { nodeClaims: claims.map(claimEvidence) }),
    workerNodes: [...choice.ready, ...choice.awaitPlugin, ...choice.recovering].map(nameOf).toSorted(),
    claims: recordsOf(workspace.status?.nodeClaims ?? [], [
      ...living.map(({ ordinal, attempt, claim }) => ({ ordinal, attempt, name: claim.metadata.name ?? '' })),
      ...requested.records,
    ]),
    faults,
    ...(requestedAt !== undefined && { requestedAt }),
    ...(requeues.length > 0 && { requeueAfterMs: Math.min(...requeues) }),
  };
}

function evidenceOf(choice: NodeChoice, wanted: number): NodesEvidence {
  const withoutPlugin = choice.awaitPlugin.map(nameOf).toSorted();
  const underPressure = choice.ready.flatMap((node) => {
    const pressures = pressuresOf(node);
    return pressures.length === 0 ? [] : { name: nameOf(node), pressures };
  });
  const troubles = choice.unfit.flatMap(({ name, kind, since, words }): NodeTrouble[] =>
    kind === 'NotReady' || kind === 'Cordoned' || kind === 'Leaving'
      ? [{ name, kind, message: words, ...(since !== undefined && since !== '' && { since }) }]
      : [],
  );
  return {
    wanted,
    ready: choice.ready.map(nameOf).toSorted(),
    ...(withoutPlugin.length > 0 && { withoutPlugin }),
    ...(underPressure.length > 0 && { underPressure }),
    ...(troubles.length > 0 && { troubles }),
  };
}

function claimEvidence({ metadata, status }: Live<NodeClaim>): NodeClaimEvidence {
  return {
    name: metadata.name ?? '',
    conditions: status?.conditions ?? [],
    ...(metadata.creationTimestamp !== undefined && { createdAt: metadata.creationTimestamp }),
    ...(status?.nodeName !== undefined && { nodeName: status.nodeName }),
  };
}

function earliest(claims: readonly Live<NodeClaim>[]): string | undefined {
  return claims.flatMap(({ metadata }) => metadata.creationTimestamp ?? []).toSorted()[0];
}
