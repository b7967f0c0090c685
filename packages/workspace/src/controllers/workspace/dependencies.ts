import type { Catalog } from '@kaito/catalog';
import type { Client, Clock, EventRecorder, Logger } from '@kaito/kube';
import type { Caches } from '../../cache/caches.ts';
import type { OperatorOptions } from '../../options.ts';
import type { NodeLedger } from './nodes/ledger.ts';

/** What every part of the operator is given; made once in `setup.ts`. */
export interface Dependencies {
  readonly client: Client;
  readonly caches: Caches;
  readonly catalog: Catalog;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: OperatorOptions;
  /** Which nodes this process has promised to whom. */
  readonly ledger: NodeLedger;
  /** Names another operator that looks after Workspaces here; undefined where ours is the only one. */
  readonly neighbour: () => string | undefined;
}
