import { type NodeClaim, type Workspace, type WorkspaceNodeClaim, workspaceUIDAnnotation } from '@kaito/api';
import type { Fault } from '@kaito/diagnosis';
import { isAlreadyExists, isConflict, isNotFound, refOf, keyOf } from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import { renderNodeClaim } from '@kaito/render';
import type { Live } from '../../../cache/caches.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';
import { apiFault } from './api-fault.ts';
import { next, recordsOf, type WantedMachine } from './machines.ts';

export interface Requested {
  /** What exists now of what was wanted, and what has been stored for it. */
  readonly records: readonly WorkspaceNodeClaim[];
  readonly claims: readonly Live<NodeClaim>[];
  readonly faults: readonly Fault[];
  readonly requeueAfterMs?: number;
}

/** Names that others have may be met by chance, one in 2^36; more in a row is no chance. */
const mostCollisions = 5;

/**
 * Creates the NodeClaims, all at once; one that is refused does not hold up the others. An attempt above 0 is stored in `status.nodeClaims`
 * before its create. A name that is taken by somebody else's claim is left to them.
 */
export async function requestMachines(
  workspace: Live<Workspace>,
  plan: Plan,
  wanted: readonly WantedMachine[],
  deps: Pick<Dependencies, 'client' | 'caches' | 'clock' | 'ledger' | 'recorder'>,
): Promise<Requested> {
  const { client, caches, ledger } = deps;
  const uid = workspace.metadata.uid ?? '';
  const faults: Fault[] = [];
  const claims: Live<NodeClaim>[] = [];
  const created: string[] = [];
  let records: readonly WorkspaceNodeClaim[] = [];
  let requeueAfterMs: number | undefined;
  const later = (ms: number) => (requeueAfterMs = Math.min(requeueAfterMs ?? ms, ms));
  const failed = (error: unknown, doing: string, verb = 'create', resource = 'nodeclaims.karpenter.sh') => {
    const { fault, retryAfterMs } = apiFault(error, { doing, verb, resource });
    faults.push(fault);
    later(retryAfterMs);
  };
  const take = (record: WorkspaceNodeClaim, claim: Live<NodeClaim>) => {
    caches.nodeClaims.remember(claim);
    ledger.sawClaim(uid, record.ordinal, record.name, false);
    claims.push(claim);
    records = recordsOf(records, [record]);
  };

  /** @returns the machine under its next name where that of `machine` is taken. */
  async function create(machine: WorkspaceNodeClaim): Promise<WorkspaceNodeClaim | undefined> {
    const rendered = renderNodeClaim(plan, workspace, machine) as Live<NodeClaim>;
    try {
      take(machine, await client.create(caches.nodeClaims.resource, rendered, { fieldManager }));
      created.push(machine.name);
      return undefined;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const there = await client.get(caches.nodeClaims.resource, { name: machine.name });
    const own = there.metadata.annotations?.[workspaceUIDAnnotation] === uid;
    if (!own || there.metadata.deletionTimestamp !== undefined) return next(uid, machine);
    take(machine, there);
    return undefined;
  }

  /** The claim that a machine replaces, where it lives after all: the cache was behind. */
  async function alive(machine: WantedMachine): Promise<boolean> {
    const name = machine.replaces;
    if (name === undefined || caches.nodeClaims.get({ name }) !== undefined) return false;
    try {
      const there = await client.get(caches.nodeClaims.resource, { name });
      if (there.metadata.annotations?.[workspaceUIDAnnotation] !== uid) return false;
      caches.nodeClaims.remember(there);
      if (there.metadata.deletionTimestamp !== undefined) return false;
      take({ ordinal: machine.ordinal, attempt: machine.attempt - 1, name }, there);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async function settle<T, R>(
    items: readonly T[],
    work: (item: T) => Promise<R>,
    doing: (item: T) => string,
    verb?: string,
  ) {
    const results = await Promise.allSettled(items.map(work));
    return results.flatMap((result, at) => {
      if (result.status === 'fulfilled') return [[items[at]!, result.value] as const];
      failed(result.reason, doing(items[at]!), verb);
      return [];
    });
  }

  const now = deps.clock.now().getTime();
  const due = wanted.filter((machine) => {
    if (machine.replaces === undefined) return true;
    const pause = ledger.pauseMs(uid, machine.ordinal, machine.replaces, now);
    if (pause > 0) {
      later(pause);
      faults.push(givenUp(machine.replaces));
    }
    return pause === 0;
  });
  const looked = await settle(due, alive, ({ replaces }) => `read NodeClaim ${replaces ?? ''}`, 'get');
  let open: readonly WorkspaceNodeClaim[] = looked.flatMap(([machine, lives]) => (lives ? [] : machine));
  for (let round = 0; open.length > 0 && round < mostCollisions; round += 1) {
    const fresh = caches.workspaces.get(keyOf(workspace)) ?? workspace;
    const stored = new Set(fresh.status?.nodeClaims?.map(({ name }) => name));
    const unstored = open.filter(({ attempt, name }) => attempt > 0 && !stored.has(name));
    if (unstored.length > 0) {
      try {
        await store(fresh, unstored);
      } catch (error) {
        // Somebody wrote the status meanwhile: the next look begins with theirs.
        if (isConflict(error)) later(0);
        else
          failed(error, `store the machines of Workspace ${keyOf(workspace)}`, 'patch', 'workspaces.kaito.sh/status');
        open = open.filter((machine) => !unstored.includes(machine));
      }
    }
    const results = await settle(open, create, ({ name }) => `create NodeClaim ${name}`);
    open = results.flatMap(([, taken]) => taken ?? []);
  }

  async function store(fresh: Live<Workspace>, machines: readonly WorkspaceNodeClaim[]): Promise<void> {
    const { resourceVersion } = fresh.metadata;
    const nodeClaims = recordsOf(fresh.status?.nodeClaims ?? [], machines);
    const patch = { type: 'merge', body: { metadata: { resourceVersion }, status: { nodeClaims } } } as const;
    const options = { subresource: 'status', fieldManager } as const;
    caches.workspaces.remember(await client.patch(caches.workspaces.resource, refOf(keyOf(fresh)), patch, options));
    records = recordsOf(records, machines);
  }

  if (created.length > 0) {
    deps.recorder.record(workspace, {
      type: 'Normal',
      reason: 'NodeClaimCreated',
      message: `Asked for ${created.length} ${plan.placement?.instanceType ?? ''}: NodeClaim ${created.toSorted().join(', ')}.`,
    });
  }
  return { records, claims, faults, ...(requeueAfterMs !== undefined && { requeueAfterMs }) };
}

function givenUp(name: string): Fault {
  return {
    code: 'NodeClaimDeleted',
    message: `NodeClaim ${name} was deleted before its machine was ready, as others before it; another is asked for after a pause.`,
    remedy: `see why: kubectl get events -A --field-selector involvedObject.name=${name}`,
    kind: 'transient',
  };
}
