import type { Store } from '../store/store.ts';

/** What AKS does by rules that a lab may want otherwise. */
export interface Settings {
  /** AKS runs one operation per cluster at a time and answers 409 to others. */
  readonly serialised: boolean;
  /** Agent pools per cluster (Microsoft Learn, "Quotas, virtual machine size restrictions, and region availability in AKS": 100). */
  readonly poolsPerCluster: number;
  /** How long after it joined a node shows its GPUs, ms: stands for the device plugin, as simulated nodes run no program. */
  readonly gpuDelayMs: number;
}

const defaults: Settings = { serialised: true, poolsPerCluster: 100, gpuDelayMs: 500 };

const table = (store: Store) => store.table<Partial<Settings>>('aks/settings');

export function settings(store: Store): Settings {
  return { ...defaults, ...table(store).get('all') };
}

export function changeSettings(store: Store, change: Partial<Settings>): Settings {
  table(store).put('all', { ...table(store).get('all'), ...change });
  return settings(store);
}
