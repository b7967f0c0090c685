import type { AgentPools } from '@kaito/azure';
import { AzureError } from '@kaito/azure';
import type { Clock } from '@kaito/kube';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Karpenter's buckets of durations, seconds. */
const seconds = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 450, 600, 900, 1_200, 1_800, 3_600];

/** What the provisioner counts, under Karpenter's names, so that dashboards made for it work. Durations in ms. */
export interface ProvisionerMetrics {
  /** Agent pools whose calls are counted and timed. */
  measured(pools: AgentPools, clock: Clock): AgentPools;
  claimDisrupted(reason: string): void;
  /** @param poolMs how long the agent pool took of it; undefined: it had none */
  claimTerminated(tookMs: number, poolMs: number | undefined): void;
  unhealthyDisrupted(condition: string): void;
  nodeCreated(): void;
  nodeDrained(): void;
  nodeTerminated(lifetimeMs: number, tookMs: number | undefined): void;
  podDrained(): void;
  evicted(code: number): void;
}

/** Karpenter's words for the errors it tells apart. */
function errorName(error: unknown): string {
  if (!(error instanceof AzureError)) return '';
  const known: Partial<Record<AzureError['code'], string>> = {
    NotFound: 'NodeClaimNotFoundError',
    CapacityMissing: 'InsufficientCapacityError',
    QuotaExceeded: 'InsufficientCapacityError',
    SkuNotAvailable: 'InsufficientCapacityError',
    ZoneNotAvailable: 'InsufficientCapacityError',
  };
  return known[error.code] ?? error.code;
}

export function createProvisionerMetrics(register: Registry, version: string): ProvisionerMetrics {
  const registers = [register];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `karpenter_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, ...labelNames: L[]): Histogram<L> =>
    new Histogram({ name: `karpenter_${name}`, help, labelNames, buckets: seconds, registers });

  const durations = histogram(
    'cloudprovider_duration_seconds',
    'Duration of cloud provider method calls.',
    'controller',
    'method',
    'provider',
  );
  const errors = counter(
    'cloudprovider_errors_total',
    'Total number of errors returned from cloud provider calls.',
    'controller',
    'method',
    'provider',
    'error',
  );
  const claimsTerminated = counter('nodeclaims_terminated_total', 'Number of nodeclaims terminated.');
  const claimsDisrupted = counter('nodeclaims_disrupted_total', 'Number of nodeclaims disrupted.', 'reason');
  const unhealthy = counter(
    'nodeclaims_unhealthy_disrupted_total',
    'Number of unhealthy nodeclaims disrupted.',
    'condition',
  );
  const claimTime = histogram('nodeclaims_termination_duration_seconds', 'Duration of nodeclaim termination.');
  const instanceTime = histogram(
    'nodeclaims_instance_termination_duration_seconds',
    'Duration of cloud instance termination.',
  );
  const nodesCreated = counter('nodes_created_total', 'Number of nodes created.');
  const nodesTerminated = counter('nodes_terminated_total', 'Number of nodes terminated.');
  const nodesDrained = counter('nodes_drained_total', 'Number of nodes drained.');
  const nodeTime = histogram('nodes_termination_duration_seconds', 'Duration of node termination.');
  const lifetime = histogram('nodes_lifetime_duration_seconds', 'Lifetime of nodes.');
  const evictions = counter('nodes_eviction_requests_total', 'Number of eviction requests.', 'code');
  const podsDrained = counter('pods_drained_total', 'Number of pods drained.', 'reason');
  new Gauge({
    name: 'karpenter_build_info',
    help: 'Version of the provisioner.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);

  return {
    measured(pools, clock) {
      const timed = async <R>(method: string, call: () => Promise<R>): Promise<R> => {
        const labels = { controller: 'nodeclaim.lifecycle', method, provider: 'azure' };
        const began = clock.monotonic();
        try {
          return await call();
        } catch (error) {
          errors.inc({ ...labels, error: errorName(error) });
          throw error;
        } finally {
          durations.observe(labels, (clock.monotonic() - began) / 1000);
        }
      };
      return {
        get: (name, call) => timed('Get', () => pools.get(name, call)),
        list: (call) => timed('List', () => pools.list(call)),
        create: (name, properties, call) => timed('Create', () => pools.create(name, properties, call)),
        delete: (name, call) => timed('Delete', () => pools.delete(name, call)),
        poll: (operation, call) => timed('Poll', () => pools.poll(operation, call)),
      };
    },
    claimDisrupted: (reason) => claimsDisrupted.inc({ reason }),
    claimTerminated(tookMs, poolMs) {
      claimsTerminated.inc();
      claimTime.observe(tookMs / 1000);
      if (poolMs !== undefined) instanceTime.observe(poolMs / 1000);
    },
    unhealthyDisrupted: (condition) => unhealthy.inc({ condition }),
    nodeCreated: () => nodesCreated.inc(),
    nodeDrained: () => nodesDrained.inc(),
    nodeTerminated(lifetimeMs, tookMs) {
      nodesTerminated.inc();
      lifetime.observe(lifetimeMs / 1000);
      if (tookMs !== undefined) nodeTime.observe(tookMs / 1000);
    },
    podDrained: () => podsDrained.inc({ reason: '' }),
    evicted: (code) => evictions.inc({ code: String(code) }),
  };
}
