import {
  isTrue,
  type NodeClaim,
  nodeClaimConditions,
  nodeClaimName,
  type Workspace,
  type WorkspaceNodeClaim,
  workspaceUIDAnnotation,
} from '@kaito/api';
import { reportsError } from '@kaito/diagnosis';
import { keyOf } from '@kaito/kube';
import { type Caches, indexes, type Live } from '../../../cache/caches.ts';
import type { NodeLedger } from './ledger.ts';

/** A NodeClaim of the Workspace and the place it has among its machines. */
export interface Machine {
  readonly ordinal: number;
  readonly attempt: number;
  readonly claim: Live<NodeClaim>;
  /** Neither being deleted nor without the node that it once had. */
  readonly lives: boolean;
}

/** A NodeClaim that is to be made. */
export interface WantedMachine extends WorkspaceNodeClaim {
  /** The one before, which is gone. Its end is looked at once more before another is asked for. */
  readonly replaces?: string;
}

/** The NodeClaims that were asked for by this very Workspace: its labels, and its UID. Those of a predecessor of its name are not its own. */
export function ownClaims(workspace: Live<Workspace>, caches: Pick<Caches, 'nodeClaims'>): readonly Live<NodeClaim>[] {
  return caches.nodeClaims.byIndex(indexes.workspace, keyOf(workspace)).filter((claim) => isOwn(claim, workspace));
}

export function isOwn(claim: Live<NodeClaim>, workspace: Live<Workspace>): boolean {
  return claim.metadata.annotations?.[workspaceUIDAnnotation] === workspace.metadata.uid;
}

/** The machine of a claim had a node, and no such node is there now. */
export function hasNoNode(claim: Live<NodeClaim>, caches: Pick<Caches, 'nodes'>): boolean {
  const { nodeName, conditions } = claim.status ?? {};
  if (nodeName === undefined || nodeName === '' || !isTrue(conditions, nodeClaimConditions.registered)) return false;
  return caches.nodes.get({ name: nodeName }) === undefined;
}

const steps: readonly string[] = [
  nodeClaimConditions.launched,
  nodeClaimConditions.registered,
  nodeClaimConditions.initialized,
];

/** The provisioner reports an error, so nobody knows whether the machine comes. */
export function isFailing({ status }: Live<NodeClaim>): boolean {
  return (status?.conditions ?? []).some((condition) => steps.includes(condition.type) && reportsError(condition));
}

/**
 * Gives each claim its ordinal and attempt: by `status.nodeClaims`, by its name, or, for one that another KAITO made and was taken over,
 * the first free ordinal. In order of ordinal, then attempt.
 */
export function machinesOf(
  workspace: Live<Workspace>,
  claims: readonly Live<NodeClaim>[],
  wanted: number,
  ledger: NodeLedger,
): readonly Machine[] {
  const workspaceUID = workspace.metadata.uid ?? '';
  const records = workspace.status?.nodeClaims ?? [];
  const byName = new Map(records.map((record) => [record.name, record]));
  if (claims.some(({ metadata }) => !byName.has(metadata.name ?? ''))) {
    const ordinals = Math.max(wanted, claims.length, ...records.map(({ ordinal }) => ordinal + 1));
    for (let ordinal = 0; ordinal < ordinals; ordinal += 1) {
      const last = records.find((record) => record.ordinal === ordinal)?.attempt ?? 0;
      for (let attempt = 0; attempt <= last; attempt += 1) {
        const name = nodeClaimName({ workspaceUID, ordinal, attempt });
        if (!byName.has(name)) byName.set(name, { ordinal, attempt, name });
      }
    }
  }
  const machine = (claim: Live<NodeClaim>, { ordinal, attempt }: { ordinal: number; attempt: number }): Machine => ({
    ordinal,
    attempt,
    claim,
    lives: claim.metadata.deletionTimestamp === undefined && !ledger.isLost(claim.metadata.uid),
  });
  const machines: Machine[] = [];
  const strangers: Live<NodeClaim>[] = [];
  for (const claim of claims) {
    const place = byName.get(claim.metadata.name ?? '');
    if (place === undefined) strangers.push(claim);
    else machines.push(machine(claim, place));
  }
  const taken = new Set([...records, ...machines].map(({ ordinal }) => ordinal));
  for (const claim of strangers.toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))) {
    const ordinal = firstFree(taken);
    taken.add(ordinal);
    machines.push(machine(claim, { ordinal, attempt: 0 }));
  }
  return machines.toSorted((a, b) => a.ordinal - b.ordinal || a.attempt - b.attempt);
}

function firstFree(taken: ReadonlySet<number>): number {
  let ordinal = 0;
  while (taken.has(ordinal)) ordinal += 1;
  return ordinal;
}

/**
 * The `missing` machines that are to be asked for, at the first ordinals that have none that lives. A machine that is gone is never asked for
 * under its old name: its pool may still be dying. An attempt above 0 that nobody has seen was stored before its create, which then did not
 * happen; it is asked for as it stands.
 */
export function wantedMachines(
  workspace: Live<Workspace>,
  machines: readonly Machine[],
  missing: number,
  ledger: NodeLedger,
): readonly WantedMachine[] {
  const workspaceUID = workspace.metadata.uid ?? '';
  const living = new Set(machines.flatMap(({ ordinal, lives }) => (lives ? ordinal : [])));
  const wanted: WantedMachine[] = [];
  for (let ordinal = 0; wanted.length < missing; ordinal += 1) {
    if (living.has(ordinal)) continue;
    const record = workspace.status?.nodeClaims?.find((other) => other.ordinal === ordinal);
    const dead = machines.findLast((machine) => machine.ordinal === ordinal);
    if (record === undefined && dead === undefined) {
      wanted.push({ ordinal, attempt: 0, name: nodeClaimName({ workspaceUID, ordinal, attempt: 0 }) });
      continue;
    }
    const last = record !== undefined && record.attempt >= (dead?.attempt ?? 0) ? record : undefined;
    const name = last?.name ?? dead?.claim.metadata.name ?? '';
    const attempt = last?.attempt ?? dead?.attempt ?? 0;
    const existed = attempt === 0 || dead?.claim.metadata.name === name || ledger.hasSeen(workspaceUID, name);
    wanted.push(
      existed
        ? { ...next(workspaceUID, { ordinal, attempt }), replaces: name }
        : { ordinal, attempt, name: nodeClaimName({ workspaceUID, ordinal, attempt }) },
    );
  }
  return wanted;
}

/** The same machine, asked for anew. */
export function next(workspaceUID: string, of: { ordinal: number; attempt: number }): WorkspaceNodeClaim {
  const place = { ordinal: of.ordinal, attempt: of.attempt + 1 };
  return { ...place, name: nodeClaimName({ workspaceUID, ...place }) };
}

/** `status.nodeClaims`: what was stored, with what lives and what is about to be made in its place. In order of ordinal. */
export function recordsOf(
  before: readonly WorkspaceNodeClaim[],
  now: readonly WorkspaceNodeClaim[],
): readonly WorkspaceNodeClaim[] {
  const records = new Map(before.map((record) => [record.ordinal, record]));
  for (const { ordinal, attempt, name } of now) {
    if ((records.get(ordinal)?.attempt ?? -1) <= attempt) records.set(ordinal, { ordinal, attempt, name });
  }
  return [...records.values()].toSorted((a, b) => a.ordinal - b.ordinal);
}
