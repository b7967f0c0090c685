import type { Store } from '../../store/store.ts';

/** How the machines of a pool behave as nodes; what goes wrong at will. */
export interface Behaviour {
  /** `twice`: a second machine that nobody asked for comes with each; read when a pool's machines are made. */
  readonly joins: 'once' | 'never' | 'twice';
  /** False: the device plugin never shows the GPUs. */
  readonly gpus: boolean;
  /** False: the kubelet says NotReady; a real machine loses its power. */
  readonly ready: boolean;
  /** How long a machine boots before its node is there, ms. */
  readonly bootDelayMs: number;
  /** What a real machine's network takes in, megabits a second: how long its images take; 0: as fast as it can. */
  readonly downloadMbit: number;
}

const good: Behaviour = { joins: 'once', gpus: true, ready: true, bootDelayMs: 0, downloadMbit: 0 };

const table = (store: Store) => store.table<Partial<Behaviour>>('aks/behaviour');

/** Of pools of that name, in whichever cluster; `*`: of all that nothing is said of by name. */
export function setBehaviour(store: Store, pool: string, behaviour: Partial<Behaviour> | undefined): void {
  if (behaviour === undefined) table(store).delete(pool);
  else table(store).put(pool, behaviour);
}

export function behaviourOf(store: Store, pool: string): Behaviour {
  return { ...good, ...(table(store).get(pool) ?? table(store).get('*')) };
}
