import { hostname } from 'node:os';
import type { AgentPools, Compute } from '@kaito/azure';
import { loadCatalog } from '@kaito/catalog';
import {
  cacheOf,
  type Client,
  type ClusterConfig,
  type Clock,
  createClient,
  createElection,
  createEventRecorder,
  createManager,
  createMetrics,
  type Election,
  flushOnStop,
  healthServer,
  type Intercept,
  leaderGuard,
  type Logger,
  type Manager,
  metricsServer,
} from '@kaito/kube';
import { Registry } from 'prom-client';
import { createCaches } from './cache/caches.ts';
import { createRepairController, repairControllerName } from './controllers/node/repair/controller.ts';
import {
  createNodeTerminationController,
  nodeTerminationControllerName,
} from './controllers/node/termination/controller.ts';
import { createDrainer } from './controllers/node/termination/drain.ts';
import { collectionControllerName, createCollectionController } from './controllers/nodeclaim/collection/controller.ts';
import { createLifecycleController, lifecycleControllerName } from './controllers/nodeclaim/lifecycle/controller.ts';
import type { Dependencies } from './dependencies.ts';
import { createPreflight } from './facts/preflight.ts';
import { createSystemSubnets } from './facts/system-subnets.ts';
import { createProvisionerMetrics } from './metrics/provisioner-metrics.ts';
import { Backoff } from './operations/backoff.ts';
import { guardedPools } from './operations/guarded-pools.ts';
import { PollPace } from './operations/poll-pace.ts';
import { createPoolQueue } from './operations/pool-queue.ts';
import { fieldManager } from './options.ts';
import type { Settings } from './settings.ts';
import packageFile from '../package.json' with { type: 'json' };

/** What `setUp` needs of the settings. */
export type SetupSettings = Omit<Settings, 'identity' | 'terminationLog' | 'logLevel' | 'logFormat'>;

export interface Surroundings {
  readonly config: ClusterConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The agent pools of the cluster: `@kaito/azure`'s, or whatever else keeps that contract. */
  readonly agentPools: AgentPools;
  /** Quotas and offers; undefined: they are not looked at. */
  readonly compute?: Compute;
  /** For tests: may delay, refuse or lose any request to the API server. */
  readonly intercept?: Intercept;
}

const everywhere = '0.0.0.0';

/** Puts the provisioner together; nothing runs and nothing is sent before `run` of the manager. */
export function setUp(settings: SetupSettings, surroundings: Surroundings): Manager {
  const { config, clock, logger, intercept } = surroundings;
  const register = new Registry();
  const metrics = createMetrics(register);
  const provisionerMetrics = createProvisionerMetrics(register, packageFile.version);
  const client = createClient(config, {
    clock,
    logger,
    userAgent: fieldManager,
    onRequest: ({ code, host, method }) => metrics.request(code === undefined ? '<error>' : String(code), host, method),
    ...(intercept !== undefined && { intercept }),
  });
  const connection = { client, clock, logger };
  const caches = createCaches(connection);
  const election = settings.leaderElect ? elect() : undefined;
  const recorder = createEventRecorder({ ...connection, component: fieldManager, instance: hostname() });
  const deps = dependencies(election === undefined ? client : leaderGuard(client, election));
  const manager = createManager({ clock, logger, stopTimeoutMs: 10_000, ...(election !== undefined && { election }) });
  manager.add(
    healthServer({ host: everywhere, port: settings.healthPort, ready: () => manager.checks }),
    metricsServer({ host: everywhere, port: settings.metricsPort, register }),
    ...caches.all.map((cache) => cacheOf(cache)),
    flushOnStop(recorder),
    createLifecycleController(deps, metrics.controller(lifecycleControllerName, settings.concurrency)),
    createNodeTerminationController(deps, metrics.controller(nodeTerminationControllerName, 5)),
    createRepairController(deps, metrics.controller(repairControllerName, 1)),
    createCollectionController(deps, metrics.controller(collectionControllerName, 1)),
  );
  return manager;

  function dependencies(acting: Client): Dependencies {
    const measured = provisionerMetrics.measured(surroundings.agentPools, clock);
    const agentPools = election === undefined ? measured : guardedPools(measured, election);
    const { location, subscriptionId } = settings.cluster;
    const { compute } = surroundings;
    const preflight =
      settings.preflight && compute !== undefined
        ? createPreflight({ compute, location, subscriptionId, clientId: settings.clientId, clock, logger })
        : undefined;
    const shared = { client: acting, caches, recorder, clock, logger, metrics: provisionerMetrics };
    return {
      ...shared,
      agentPools,
      preflight,
      subnets: createSystemSubnets({ agentPools, clock }),
      queue: createPoolQueue({ most: settings.poolOperations, clock }),
      backoff: new Backoff(clock, settings.retryAfterMs),
      pace: new PollPace(clock),
      drainer: createDrainer(shared),
      catalog: loadCatalog(),
      options: settings,
    };
  }

  function elect(): Election {
    return createElection({
      ...connection,
      ...settings.lease,
      namespace: settings.systemNamespace,
      name: fieldManager,
      onLeading: (leading) => metrics.leading(fieldManager, leading),
    });
  }
}
