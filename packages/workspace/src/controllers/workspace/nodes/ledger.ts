import type { Demand } from './demand.ts';
import { isOlder, type NodeRequest } from './node-request.ts';

/** A Workspace's hold on one node. */
export interface Hold {
  readonly request: NodeRequest;
  readonly demand: Demand;
}

/** A Workspace that is short of nodes and could take existing ones. */
export interface Waiter {
  readonly request: NodeRequest;
  /** Nodes it lacks. */
  readonly short: number;
  /** One that fits was left to an older one. */
  readonly heldBack: boolean;
}

interface Asked {
  name: string;
  wasReady: boolean;
  /** Claims in a row that ended before their machine was ready. */
  failures: number;
  goneAt?: number;
}

const firstPauseMs = 10_000;
const longestPauseMs = 300_000;

/**
 * What this process has promised of nodes, and to whom: two Workspaces reconciled at the same moment see each other's choice here before it
 * is in any status. It is only ever a help: everything in it comes back from the API server's objects after a restart. No method awaits.
 */
export class NodeLedger {
  readonly #holds = new Map<string, Map<string, Hold>>();
  readonly #nodesOf = new Map<string, readonly string[]>();
  readonly #waiters = new Map<string, { request: NodeRequest; readonly short: number; heldBack: boolean }>();
  #inOrder: readonly Waiter[] | undefined;
  readonly #asked = new Map<string, Map<number, Asked>>();
  readonly #seen = new Map<string, Set<string>>();
  readonly #lost = new Set<string>();

  /** The Workspace holds exactly these nodes from now on. */
  hold(request: NodeRequest, nodes: readonly string[]): void {
    this.#drop(request.key);
    if (nodes.length === 0) return;
    this.#nodesOf.set(request.key, nodes);
    for (const node of nodes) {
      const holds = this.#holds.get(node) ?? new Map<string, Hold>();
      holds.set(request.key, { request, demand: request.demand });
      this.#holds.set(node, holds);
    }
  }

  holdsOn(node: string): Iterable<Hold> {
    return this.#holds.get(node)?.values() ?? [];
  }

  /** The nodes that the Workspace of this UID holds. */
  nodesOf({ key, uid }: Pick<NodeRequest, 'key' | 'uid'>): readonly string[] {
    const nodes = this.#nodesOf.get(key) ?? [];
    return this.#holds.get(nodes[0] ?? '')?.get(key)?.request.uid === uid ? nodes : [];
  }

  /** `short` 0: it waits no more. */
  wait(request: NodeRequest, short: number, heldBack: boolean): void {
    const before = this.#waiters.get(request.key);
    if (short > 0 && before?.short === short && before.request.uid === request.uid) {
      // The order stays as it is.
      before.request = request;
      before.heldBack = heldBack;
      return;
    }
    if (short > 0) this.#waiters.set(request.key, { request, short, heldBack });
    else if (before === undefined) return;
    else this.#waiters.delete(request.key);
    this.#inOrder = undefined;
  }

  /** Oldest first. */
  waiters(): readonly Waiter[] {
    this.#inOrder ??= [...this.#waiters.values()].toSorted((a, b) => (isOlder(a.request, b.request) ? -1 : 1));
    return this.#inOrder;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** A NodeClaim of the Workspace lives, for this ordinal. */
  sawClaim(uid: string, ordinal: number, name: string, ready: boolean): void {
    let seen = this.#seen.get(uid);
    if (seen === undefined) this.#seen.set(uid, (seen = new Set()));
    seen.add(name);
    let asked = this.#asked.get(uid);
    if (asked === undefined) this.#asked.set(uid, (asked = new Map()));
    const before = asked.get(ordinal);
    if (before?.name === name) {
      before.wasReady ||= ready;
      delete before.goneAt;
    } else {
      asked.set(ordinal, { name, wasReady: ready, failures: before?.failures ?? 0 });
    }
  }

  hasSeen(uid: string, name: string): boolean {
    return this.#seen.get(uid)?.has(name) === true;
  }

  /**
   * The claim of this ordinal is no more. @returns milliseconds until another should be asked for: none after a machine that had been ready
   * and after a first failure, then 10 s doubled to 5 min, so that a provisioner that gives up at once is not asked in a loop.
   */
  pauseMs(uid: string, ordinal: number, name: string, nowMs: number): number {
    const asked = this.#asked.get(uid)?.get(ordinal);
    if (asked === undefined || asked.name !== name) return 0;
    if (asked.goneAt === undefined) {
      asked.goneAt = nowMs;
      asked.failures = asked.wasReady ? 0 : asked.failures + 1;
    }
    if (asked.failures < 2) return 0;
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (asked.failures - 2));
    return Math.max(0, asked.goneAt + pause - nowMs);
  }

  /** The machine of the claim with this UID has lost its node; the API server itself has said so. */
  sawLost(claimUID: string): void {
    this.#lost.add(claimUID);
  }

  isLost(claimUID: string | undefined): boolean {
    return claimUID !== undefined && this.#lost.has(claimUID);
  }

  foundAgain(claimUID: string): void {
    this.#lost.delete(claimUID);
  }

  /** Nothing is kept of this Workspace any longer. */
  forget(key: string, uid?: string): void {
    this.#drop(key);
    if (this.#waiters.delete(key)) this.#inOrder = undefined;
    if (uid === undefined) return;
    this.#asked.delete(uid);
    this.#seen.delete(uid);
  }

  /** For a new term as the leader: another process may have decided otherwise meanwhile. */
  clear(): void {
    for (const map of [this.#holds, this.#nodesOf, this.#waiters, this.#asked, this.#seen]) map.clear();
    this.#lost.clear();
    this.#inOrder = undefined;
  }

  #drop(key: string): void {
    for (const node of this.#nodesOf.get(key) ?? []) {
      const holds = this.#holds.get(node);
      holds?.delete(key);
      if (holds?.size === 0) this.#holds.delete(node);
    }
    this.#nodesOf.delete(key);
  }
}
