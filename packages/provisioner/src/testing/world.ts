import type { KaitoNodeClass, NodeClaim } from '@kaito/api';
import { loadCatalog } from '@kaito/catalog';
import {
  type EventContent,
  type Informer,
  keyOf,
  type KubeObject,
  type Live,
  type Result,
  silentLogger,
} from '@kaito/kube';
import { ManualClock, MemoryClient } from '@kaito/kube/testing';
import type { Node } from 'kubernetes-types/core/v1.js';
import { Registry } from 'prom-client';
import { type Caches, createCaches } from '../cache/caches.ts';
import { createDrainer } from '../controllers/node/termination/drain.ts';
import { reconcileClaim } from '../controllers/nodeclaim/lifecycle/reconcile.ts';
import type { Dependencies } from '../dependencies.ts';
import { createPreflight } from '../facts/preflight.ts';
import { createSystemSubnets } from '../facts/system-subnets.ts';
import { createProvisionerMetrics } from '../metrics/provisioner-metrics.ts';
import { Backoff } from '../operations/backoff.ts';
import { PollPace } from '../operations/poll-pace.ts';
import { createPoolQueue } from '../operations/pool-queue.ts';
import type { ProvisionerOptions } from '../options.ts';
import { MemoryPools } from './memory-pools.ts';
import { aksNode } from './nodes.ts';

export const options: ProvisionerOptions = {
  cluster: {
    subscriptionId: '00000000-0000-0000-0000-000000000001',
    resourceGroup: 'group',
    name: 'cluster',
    location: 'westus3',
  },
  clientId: '00000000-0000-0000-0000-000000000002',
  concurrency: 5,
  poolOperations: 5,
  waitForGpu: false,
  retryAfterMs: 60_000,
  timeouts: { launchMs: 1_800_000, registrationMs: 900_000, initializationMs: 1_200_000, repairMs: 600_000 },
};

/** An API server and a cloud in memory, which the provisioner's caches see at once; time stands still until it is told to go on. */
export class World {
  readonly client = new MemoryClient();
  readonly clock = new ManualClock();
  readonly caches: Caches = createCaches({ client: this.client, clock: this.clock, logger: silentLogger });
  readonly pools = new MemoryPools();
  readonly events: EventContent[] = [];
  readonly register = new Registry();
  options: ProvisionerOptions = options;
  woken: string[] = [];
  deps: Dependencies;

  constructor(
    extra: Partial<Pick<Dependencies, 'options'>> & {
      readonly compute?: Parameters<typeof createPreflight>[0]['compute'];
    } = {},
  ) {
    if (extra.options !== undefined) this.options = extra.options;
    this.pools.onMachine = (pool, there) => (there ? this.join(aksNode(pool)) : this.leave(aksNode(pool)));
    this.pools.put('systempool', { mode: 'System' });
    this.deps = this.restart(extra.compute);
  }

  /** A new process: what was only in memory is lost. */
  restart(compute?: Parameters<typeof createPreflight>[0]['compute']): Dependencies {
    const { client, clock, caches, events, pools: agentPools } = this;
    const { location, subscriptionId } = this.options.cluster;
    const shared = {
      client,
      caches,
      clock,
      logger: silentLogger,
      recorder: { record: (_: KubeObject, content: EventContent) => void events.push(content) },
      metrics: createProvisionerMetrics(new Registry(), 'test'),
    };
    this.deps = {
      ...shared,
      agentPools,
      subnets: createSystemSubnets({ agentPools, clock }),
      preflight:
        compute === undefined
          ? undefined
          : createPreflight({
              compute,
              location,
              subscriptionId,
              clientId: this.options.clientId,
              clock,
              logger: silentLogger,
            }),
      queue: createPoolQueue({ most: this.options.poolOperations, clock }),
      backoff: new Backoff(clock, options.retryAfterMs),
      pace: new PollPace(clock),
      drainer: createDrainer(shared),
      catalog: loadCatalog(),
      options: this.options,
    };
    return this.deps;
  }

  /** Creates or changes an object, seen at once. */
  async put<T extends KubeObject>(cache: Informer<T>, object: T): Promise<T> {
    const stored = await this.client.apply(cache.resource, object);
    cache.remember(stored);
    return stored;
  }

  async claim(claim: Live<NodeClaim>): Promise<Live<NodeClaim>> {
    return await this.put(this.caches.nodeClaims, claim);
  }

  async nodeClass(nodeClass: Live<KaitoNodeClass>): Promise<void> {
    await this.put(this.caches.nodeClasses, nodeClass);
  }

  /** A node comes, or becomes this. */
  async join(node: Live<Node>): Promise<void> {
    const { resourceVersion: _, ...metadata } = node.metadata;
    await this.put(this.caches.nodes, { ...node, metadata });
  }

  /** The cloud takes a node away: its finalizers hold it. */
  async leave({ metadata: { name = '' } }: Live<Node>): Promise<void> {
    const there = this.caches.nodes.get({ name });
    if (there === undefined || there.metadata.deletionTimestamp !== undefined) return;
    const left = (await this.client.delete(this.caches.nodes.resource, { name })) as Live<Node>;
    if (left.metadata.deletionTimestamp === undefined) this.caches.nodes.forget({ name }, left.metadata.uid!);
    else this.caches.nodes.remember(left);
  }

  async deleteClaim(name: string): Promise<void> {
    const left = (await this.client.delete(this.caches.nodeClaims.resource, { name })) as Live<NodeClaim>;
    if (left.metadata.deletionTimestamp === undefined) this.caches.nodeClaims.forget({ name }, left.metadata.uid!);
    else this.caches.nodeClaims.remember(left);
  }

  now(name: string): Live<NodeClaim> | undefined {
    return this.caches.nodeClaims.get({ name });
  }

  node(name: string): Live<Node> | undefined {
    return this.caches.nodes.list().find((node) => keyOf(node).startsWith(`aks-${name}-`));
  }

  /** `Unknown QuotaExceeded`. */
  condition(name: string, type: string): string | undefined {
    const found = this.now(name)?.status?.conditions?.find((each) => each.type === type);
    return found === undefined ? undefined : `${found.status} ${found.reason}`;
  }

  message(name: string, type = 'Launched'): string {
    return this.now(name)?.status?.conditions?.find((each) => each.type === type)?.message ?? '';
  }

  /** One look at a claim. */
  async look(name: string): Promise<Result | void> {
    const reconcile = reconcileClaim(this.deps, (key) => void this.woken.push(key));
    return await reconcile(name, { signal: new AbortController().signal, logger: silentLogger, failures: 0 });
  }

  /** Looks at a claim again and again as it asks, letting time pass up to `withinMs`, until `until` says so. @returns whether it came to that */
  async run(name: string, until: () => boolean, withinMs = 600_000): Promise<boolean> {
    const end = this.clock.monotonic() + withinMs;
    for (let turn = 0; turn < 200; turn += 1) {
      if (until()) return true;
      const result = await this.look(name);
      if (until()) return true;
      const wait = result?.requeueAfterMs ?? (this.clock.pending > 0 ? this.clock.nextIn : undefined);
      if (wait === undefined && !this.woken.includes(name)) return until();
      this.woken = this.woken.filter((key) => key !== name);
      if (this.clock.monotonic() + (wait ?? 0) > end) return until();
      this.clock.advance(wait ?? 0);
    }
    return until();
  }

  async ready(name: string): Promise<boolean> {
    return await this.run(name, () => this.condition(name, 'Ready') === 'True Ready');
  }

  async gone(name: string): Promise<boolean> {
    return await this.run(name, () => this.now(name) === undefined);
  }
}
