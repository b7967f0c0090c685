import {
  cacheOf,
  createClient,
  createController,
  createInformer,
  createManager,
  createTextLogger,
  itself,
  loadConfig,
  namespaces,
  resourceQuotas,
  source,
  subset,
  systemClock as clock,
} from '../index.ts';

const write = (line: string): void => void process.stdout.write(`${line}\n`);
const logger = createTextLogger({ level: 'info', format: 'text', write, now: () => clock.now() });
const client = createClient(loadConfig({ clock }), { clock, logger, userAgent: 'team-quota' });
const teams = createInformer({ client, resource: namespaces, labelSelector: 'team', clock, logger });
const quotas = createInformer({ client, resource: resourceQuotas, clock, logger });

// Every namespace with the label `team` has a quota of 20 pods, whoever changes or deletes it.
const controller = createController({
  name: 'team-quota',
  sources: [
    source(teams, itself),
    source(quotas, ({ object }) => (object.metadata.name === 'team' ? [object.metadata.namespace ?? ''] : [])),
  ],
  async reconcile(name, { signal }) {
    if (teams.get(name)?.metadata.deletionTimestamp !== undefined || teams.get(name) === undefined) return;
    const metadata = { name: 'team', namespace: name };
    const spec = { hard: { pods: '20' } };
    if (subset(spec, quotas.get(metadata)?.spec)) return;
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec } as const;
    quotas.remember(await client.apply(resourceQuotas, quota, { fieldManager: 'team-quota', signal }));
    logger.log('info', `quota of ${name} is in place`);
  },
  concurrency: 8,
  clock,
  logger,
});

const manager = createManager({ clock, logger });
manager.add(cacheOf(teams, 'teams'), cacheOf(quotas, 'quotas'), controller);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
await manager.run(stop.signal);
client.close();
