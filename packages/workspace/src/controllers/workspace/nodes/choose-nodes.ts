import { machineTypeLabel, workspaceLabel } from '@kaito/api';
import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import { type Caches, indexes, type Live } from '../../../cache/caches.ts';
import { nothing, plus } from './demand.ts';
import { carries, type Fitness, fitness, type Judging, type Unfit } from './fitness.ts';
import type { Waiter } from './ledger.ts';
import { labelsOf, notReadySince } from './node-facts.ts';
import { isOlder, type NodeRequest } from './node-request.ts';
import { hasRoom, roomOn } from './occupancy.ts';

/** A machine that was asked for and is not usable yet. */
export interface PendingClaim {
  /** Its node, once there is one. */
  readonly nodeName: string | undefined;
  /** The provisioner reports an error: an existing node may take its place meanwhile. */
  readonly failing: boolean;
}

export interface NodeChoice {
  /** Ready with everything the pods need. */
  readonly ready: readonly Live<Node>[];
  /** Ready but for the device plugin. */
  readonly awaitPlugin: readonly Live<Node>[];
  /** Nodes that the Workspace keeps although they are not Ready: they may come back. */
  readonly recovering: readonly Live<Node>[];
  /** Why others with its labels are not used, in order of name; not looked for where none is lacking. */
  readonly unfit: readonly Unfit[];
  /** Nodes for which there is neither a node nor a NodeClaim. */
  readonly missing: number;
  /** Nodes that an existing one could stand in for, were one free. */
  readonly short: number;
  /** One that fits was left to an older Workspace, which may turn out not to take it. */
  readonly heldBack: boolean;
  /** Milliseconds until a node that is kept is given up. */
  readonly giveUpInMs?: number;
}

/**
 * How long a node that is not Ready keeps its place against renting another machine. Our choice: a node that reboots is back in that
 * time, and a machine costs money for as long as the Workspace lives.
 */
export const recoveryMs = 300_000;

export interface Choosing extends Judging {
  readonly caches: Caches;
  /** Nodes needed. */
  readonly wanted: number;
  /** `status.workerNodes`. */
  readonly workerNodes: readonly string[];
  /** The Workspace's NodeClaims that live. */
  readonly claims: readonly PendingClaim[];
  readonly now: Date;
}

/**
 * Which nodes a Workspace uses. It stays where it is as long as that is fine; then the preferred nodes, then those that KAITO made, then by
 * name. A machine that is on its way keeps its place, so that an existing node does not make it superfluous. Synchronous: nothing can come
 * between this choice and its entry in the ledger.
 */
export function chooseNodes(choosing: Choosing): NodeChoice {
  const { request, caches, ledger, wanted, claims } = choosing;
  const seen = new Map<string, Fitness>();
  const runsOn = nodesOfPods(caches.pods.byIndex(indexes.workspace, request.key));
  const own = new Set(claims.flatMap(({ nodeName }) => nodeName ?? []));
  const kept = new Set([...runsOn, ...choosing.workerNodes, ...ledger.nodesOf(request)]);
  const judge = (node: Live<Node>): Fitness => {
    const name = node.metadata.name ?? '';
    const keeps = { keeps: kept.has(name) || own.has(name), runs: runsOn.has(name) };
    const judged = fitness(node, choosing, keeps);
    seen.set(name, judged);
    return judged;
  };
  const known = [...new Set([...kept, ...own])].flatMap((name) => caches.nodes.get({ name }) ?? []);
  const rank = ranking(request, { runsOn, kept, own });
  const fit = known.filter((node) => judge(node).state === 'fit').toSorted(rank);
  const ready = fit.slice(0, wanted);
  const isReady = new Set(ready.map(({ metadata }) => metadata.name));
  const pending = claims.filter(({ nodeName }) => nodeName === undefined || !isReady.has(nodeName));
  const onTheirWay = pending.filter(({ failing }) => !failing).length;
  const awaits = (node: Live<Node>) => seen.get(node.metadata.name ?? '')?.state === 'awaitsPlugin';
  const isOwn = (node: Live<Node>) => own.has(node.metadata.name ?? '');
  const awaitPlugin = wanted > ready.length ? known.filter((node) => isOwn(node) && awaits(node)) : [];
  const recovering: Live<Node>[] = [];

  let free = wanted - ready.length - onTheirWay;
  const short = Math.max(0, free);
  let heldBack = false;
  let giveUpInMs: number | undefined;
  if (free > 0) {
    const newcomers = caches.nodes
      .list()
      .filter((node) => !seen.has(node.metadata.name ?? '') && judge(node).state !== 'other');
    const claimed = claimsOfOlder(choosing);
    for (const node of newcomers.toSorted(rank)) {
      if (free === 0) break;
      if (seen.get(node.metadata.name ?? '')?.state !== 'fit') continue;
      const before = claimed(node);
      if (before !== undefined) {
        seen.set(node.metadata.name ?? '', before);
        heldBack = true;
        continue;
      }
      ready.push(node);
      free -= 1;
    }
    for (const node of [...known, ...newcomers].filter((node) => !isOwn(node) && awaits(node)).toSorted(rank)) {
      if (free === 0) break;
      awaitPlugin.push(node);
      free -= 1;
    }
    for (const node of known.toSorted(rank)) {
      const left = free > 0 && !isOwn(node) ? recoveryLeft(node, seen, choosing.now) : undefined;
      if (left === undefined) continue;
      recovering.push(node);
      free -= 1;
      giveUpInMs = Math.min(giveUpInMs ?? left, left);
    }
  }
  return {
    ready,
    awaitPlugin,
    recovering,
    unfit: [...seen.values()]
      .flatMap((judged) => (judged.state === 'unfit' ? judged.why : []))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    missing: Math.max(0, free - (pending.length - onTheirWay)),
    short: Math.max(0, short - Math.max(0, ready.length - isReady.size)),
    heldBack,
    ...(giveUpInMs !== undefined && { giveUpInMs }),
  };
}

function nodesOfPods(pods: readonly Live<Pod>[]): Set<string> {
  const names = new Set<string>();
  for (const { spec, status, metadata } of pods) {
    const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (spec?.nodeName !== undefined && !ended && metadata.deletionTimestamp === undefined) names.add(spec.nodeName);
  }
  return names;
}

/** Where pods run, what it has, what its machines gave, what is preferred, what KAITO made, by name. */
function ranking(
  request: NodeRequest,
  mine: { readonly runsOn: Set<string>; readonly kept: Set<string>; readonly own: Set<string> },
): (a: Live<Node>, b: Live<Node>) => number {
  const preferred = new Set(request.preferred);
  const rank = (node: Live<Node>) => {
    const name = node.metadata.name ?? '';
    const labels = labelsOf(node);
    if (mine.runsOn.has(name)) return 0;
    if (mine.kept.has(name)) return 1;
    if (mine.own.has(name)) return 2;
    if (preferred.has(name)) return 3;
    return workspaceLabel in labels || machineTypeLabel in labels ? 4 : 5;
  };
  return (a, b) => rank(a) - rank(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
}

/** Whether older Workspaces that wait have the better right to what is free on a node; what they are short of is theirs once only. */
function claimsOfOlder(choosing: Choosing): (node: Live<Node>) => Fitness | undefined {
  const { request, caches, ledger } = choosing;
  let older = ledger
    .waiters()
    .filter((waiter) => isOlder(waiter.request, request) && isCurrent(waiter, caches))
    .map((waiter) => ({ request: waiter.request, short: waiter.short }));
  return (node) => {
    const name = node.metadata.name ?? '';
    const room = roomOn(node, request, caches, ledger, false);
    let theirs = nothing;
    let before: Fitness | undefined;
    for (const waiter of older) {
      const { request: other } = waiter;
      if (!carries(node, other.selector) || ledger.nodesOf(other).includes(name)) continue;
      if (fitness(node, { ...choosing, request: other }, { keeps: false, runs: false }).state !== 'fit') continue;
      waiter.short -= 1;
      theirs = plus(theirs, other.demand);
      if (hasRoom(room, plus(theirs, request.demand))) continue;
      before = {
        state: 'unfit',
        why: { name, kind: 'InUse', words: `goes to Workspace ${other.key}, which has waited longer` },
      };
      break;
    }
    older = older.filter(({ short }) => short > 0);
    return before;
  };
}

/** What a Workspace waited for counts as long as it has not been changed or deleted since. */
function isCurrent({ request }: Waiter, caches: Pick<Caches, 'workspaces'>): boolean {
  const { uid, generation, deletionTimestamp } = caches.workspaces.get(request.key)?.metadata ?? {};
  return uid === request.uid && generation === request.generation && deletionTimestamp === undefined;
}

function recoveryLeft(node: Live<Node>, seen: ReadonlyMap<string, Fitness>, now: Date): number | undefined {
  const judged = seen.get(node.metadata.name ?? '');
  if (judged?.state !== 'unfit' || judged.why.kind !== 'NotReady') return undefined;
  const since = Date.parse(notReadySince(node) ?? '');
  const left = Number.isNaN(since) ? recoveryMs : since + recoveryMs - now.getTime();
  return left > 0 ? left : undefined;
}
