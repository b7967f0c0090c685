import type { AgentPools } from '@kaito/azure';
import type { Catalog } from '@kaito/catalog';
import type { Client, Clock, EventRecorder, Logger } from '@kaito/kube';
import type { Caches } from './cache/caches.ts';
import type { Drainer } from './controllers/node/termination/drain.ts';
import type { Preflight } from './facts/preflight.ts';
import type { SystemSubnets } from './facts/system-subnets.ts';
import type { ProvisionerMetrics } from './metrics/provisioner-metrics.ts';
import type { Backoff } from './operations/backoff.ts';
import type { PollPace } from './operations/poll-pace.ts';
import type { PoolQueue } from './operations/pool-queue.ts';
import type { ProvisionerOptions } from './options.ts';

/** What the controllers work with; put together in `setup.ts`. */
export interface Dependencies {
  readonly client: Client;
  readonly caches: Caches;
  readonly agentPools: AgentPools;
  readonly subnets: SystemSubnets;
  /** Undefined: quotas and offers are not looked at. */
  readonly preflight: Preflight | undefined;
  readonly queue: PoolQueue;
  readonly backoff: Backoff;
  readonly pace: PollPace;
  readonly drainer: Drainer;
  readonly catalog: Catalog;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly metrics: ProvisionerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: ProvisionerOptions;
}
