import type { Resource, Store } from '../../store/store.ts';
import { machineName, scaleSetName } from '../names.ts';

/** A virtual machine of an agent pool's scale set. */
export interface Machine {
  readonly cluster: string;
  readonly pool: string;
  readonly index: number;
  /** Host name, and so the node's. */
  readonly name: string;
  readonly scaleSet: string;
  /** `1`, …; absent: in none. */
  readonly zone?: string;
  /** RFC 3339. */
  readonly created: string;
  /** What the node was made of, and of which API server it is; absent: it has not joined yet. */
  readonly joined?: Joined;
}

export interface Joined {
  /** UID of the API server's namespace kube-system. */
  readonly at: string;
  /** RFC 3339. */
  readonly time: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As `key=value:effect`. */
  readonly taints: readonly string[];
}

/** The scale set behind a pool: gone and made anew with the pool. */
interface ScaleSet {
  readonly name: string;
  readonly next: number;
}

const table = (store: Store) => store.table<Machine>('aks/machines');
const scaleSets = (store: Store) => store.table<ScaleSet>('aks/scale-sets');
const key = (id: string): string => id.toLowerCase();
const keyOf = ({ pool, index }: Machine): string => `${key(pool)}/${index}`;

export function machinesOf(store: Store, clusterOrPool: string): readonly Machine[] {
  const prefix = `${key(clusterOrPool)}/`;
  return table(store)
    .entries()
    .filter(([name]) => name.startsWith(prefix))
    .map(([, machine]) => machine)
    .toSorted((one, other) => one.index - other.index);
}

/** Notes that a machine's node has joined, or with what it is labelled now; nothing where the machine went meanwhile. */
export function noteJoined(store: Store, machine: Machine, joined: Joined): void {
  if (table(store).get(keyOf(machine)) !== undefined) table(store).put(keyOf(machine), { ...machine, joined });
}

export function removeMachine(store: Store, machine: Machine): void {
  table(store).delete(keyOf(machine));
}

/**
 * Gives a pool as many machines as it should have: new ones with the next numbers, spread over its zones; or fewer, the newest first.
 *
 * @param seed tells the scale set from that of an earlier pool of the same name
 */
export function resize(store: Store, pool: Resource, cluster: string, count: number, now: Date, seed: string): void {
  const existing = machinesOf(store, pool.id);
  for (const machine of existing.slice(count)) removeMachine(store, machine);
  if (count <= existing.length) return;
  const zones = (pool.properties['availabilityZones'] ?? []) as readonly string[];
  const set = scaleSets(store).get(key(pool.id)) ?? { name: scaleSetName(pool.name, seed), next: 0 };
  // Some of them may have been made before a kill.
  const next = Math.max(set.next, (existing.at(-1)?.index ?? -1) + 1);
  const last = next + count - existing.length;
  for (let index = next; index < last; index += 1) {
    const zone = zones[index % Math.max(1, zones.length)];
    const machine: Machine = {
      cluster,
      pool: pool.id,
      index,
      name: machineName(set.name, index),
      scaleSet: set.name,
      ...(zone !== undefined && { zone }),
      created: now.toISOString(),
    };
    table(store).put(keyOf(machine), machine);
  }
  scaleSets(store).put(key(pool.id), { ...set, next: last });
}

/** Ends a pool's scale set with its machines. */
export function removeScaleSet(store: Store, pool: string): void {
  for (const machine of machinesOf(store, pool)) removeMachine(store, machine);
  scaleSets(store).delete(key(pool));
}
