import { createInformer } from '../informer/create-informer.ts';
import type { CreateInformerOptions } from '../informer/create-informer.ts';
import { silentLogger } from '../logger.ts';
import { ManualClock, settled } from './manual-clock.ts';
import { MemoryClient } from './memory-client.ts';
import { configMaps } from './objects.ts';
import type { ConfigMap } from './objects.ts';

/** An informer of ConfigMaps that runs against memory. */
export interface Running {
  readonly client: MemoryClient;
  readonly clock: ManualClock;
  readonly informer: ReturnType<typeof createInformer<ConfigMap>>;
  readonly verbs: () => string[];
  readonly stop: () => Promise<void>;
}

export async function start(
  client = new MemoryClient(),
  options: Partial<CreateInformerOptions<ConfigMap>> = {},
): Promise<Running> {
  const clock = new ManualClock();
  const informer = createInformer<ConfigMap>({
    client,
    resource: configMaps,
    clock,
    logger: silentLogger,
    freeze: true,
    random: () => 0,
    ...options,
  });
  const end = new AbortController();
  const running = informer.run(end.signal);
  await settled();
  return {
    client,
    clock,
    informer,
    verbs: () => client.calls.filter(({ verb }) => verb === 'list' || verb === 'watch').map(({ verb }) => verb),
    async stop() {
      end.abort(new Error('test is over'));
      await running;
    },
  };
}
