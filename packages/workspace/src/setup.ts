import { hostname } from 'node:os';
import { loadCatalog } from '@kaito/catalog';
import {
  cacheOf,
  type ClusterConfig,
  type Clock,
  createAdmissionServer,
  createCaBundleKeeper,
  createCertificateKeeper,
  createClient,
  createElection,
  createEventRecorder,
  createManager,
  createMetrics,
  type Election,
  flushOnStop,
  healthServer,
  type Informer,
  type Intercept,
  keyOf,
  leaderGuard,
  type Logger,
  type Manager,
  metricsServer,
  type Runnable,
  serviceNames,
} from '@kaito/kube';
import { Registry } from 'prom-client';
import { createCaches } from './cache/create-caches.ts';
import { createOrphanController, orphanControllerName } from './controllers/nodeclaim/index.ts';
import { createNeighbourWatch } from './controllers/neighbour/index.ts';
import { createLifecycleController, lifecycleControllerName } from './controllers/workspace/lifecycle/controller.ts';
import { NodeLedger } from './controllers/workspace/nodes/index.ts';
import { createWarnings } from './controllers/workspace/status/index.ts';
import { registerWorkspaceMetrics } from './metrics/workspace-metrics.ts';
import { fieldManager } from './options.ts';
import type { Settings } from './settings.ts';
import { webhookHandlers } from './webhook/handlers.ts';

export interface Surroundings {
  readonly config: ClusterConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For tests: may delay, refuse or lose any request. */
  readonly intercept?: Intercept;
}

const everywhere = '0.0.0.0';

/** Puts the operator together; nothing runs and nothing is sent before `run` of the manager. */
export function setUp(settings: Settings, { config, clock, logger, intercept }: Surroundings): Manager {
  const register = new Registry();
  const metrics = createMetrics(register);
  const client = createClient(config, {
    clock,
    logger,
    userAgent: fieldManager,
    onRequest: ({ code, host, method }) => metrics.request(code === undefined ? '<error>' : String(code), host, method),
    ...(intercept !== undefined && { intercept }),
  });
  const catalog = loadCatalog();
  const connection = { client, clock, logger };
  const { all: _, ...caches } = createCaches(connection);
  const election = settings.leaderElect ? elect(settings) : undefined;
  const acting = election === undefined ? client : leaderGuard(client, election);
  const recorder = createEventRecorder({ ...connection, component: fieldManager, instance: hostname() });
  const others = createNeighbourWatch({
    ...connection,
    own: { namespace: settings.systemNamespace, service: settings.webhookService },
  });
  const deps = {
    client: acting,
    caches,
    catalog,
    recorder,
    clock,
    logger,
    options: settings,
    ledger: new NodeLedger(),
    neighbour: others.neighbour,
    warnings: createWarnings(client, clock),
  };
  const lifecycle = createLifecycleController(deps, metrics.controller(lifecycleControllerName, settings.concurrency));
  others.onChange(() => {
    for (const workspace of caches.workspaces.list()) lifecycle.enqueue(keyOf(workspace));
  });
  registerWorkspaceMetrics(register, caches.workspaces);
  const orphans = createOrphanController(deps, metrics.controller(orphanControllerName, 1));
  const manager = createManager({ clock, logger, stopTimeoutMs: 10_000, ...(election !== undefined && { election }) });
  manager.add(
    healthServer({ host: everywhere, port: settings.healthPort, ready: () => manager.checks }),
    metricsServer({ host: everywhere, port: settings.metricsPort, register }),
    ...(settings.webhook ? admission() : []),
    ...Object.entries(caches).map(([name, cache]) => cacheOf(cache as unknown as Informer, name)),
    others,
    flushOnStop(recorder),
    lifecycle,
    orphans,
  );
  return manager;

  function elect({ systemNamespace, lease }: Settings): Election {
    return createElection({
      ...connection,
      ...lease,
      namespace: systemNamespace,
      name: fieldManager,
      onLeading: (leading) => metrics.leading(fieldManager, leading),
    });
  }

  function admission(): Runnable[] {
    const { webhookService, webhookSecret, webhookConfiguration, webhookPort, systemNamespace } = settings;
    const certificate = createCertificateKeeper({
      ...connection,
      namespace: systemNamespace,
      secretName: webhookSecret,
      names: serviceNames(webhookService, systemNamespace),
    });
    const handlers = webhookHandlers({
      catalog,
      presetRegistry: settings.presetRegistry,
      existingNodesOnly: settings.nodeProvisioner === 'none',
    });
    return [
      certificate,
      createAdmissionServer({
        host: everywhere,
        port: webhookPort,
        handlers,
        certificate,
        clock,
        logger,
        metrics: metrics.webhook,
      }),
      createCaBundleKeeper({
        ...connection,
        kind: 'ValidatingWebhookConfiguration',
        configuration: webhookConfiguration,
        authorities: certificate,
        fieldManager,
      }),
    ];
  }
}
