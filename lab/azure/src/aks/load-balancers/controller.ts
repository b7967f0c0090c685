import type { Service } from 'kubernetes-types/core/v1.js';
import {
  type Client,
  type Clock,
  type Live,
  type Logger,
  createController,
  createInformer,
  isNotFound,
  itself,
  services,
  source,
} from '@kaito/kube';
import type { ControlPlane } from '@kaito/lab-kubernetes';
import type { AddressPool } from './addresses.ts';
import { type FrontEnd, frontEnd } from './front-end.ts';

const internal = 'service.beta.kubernetes.io/azure-load-balancer-internal';

export interface LoadBalancersOptions {
  readonly plane: ControlPlane;
  readonly client: Client;
  /** Tells the cluster from others. */
  readonly uid: string;
  /** Of load balancers that all the world reaches, and of those that only the cluster's own network does. */
  readonly addresses: { readonly public: AddressPool; readonly internal: AddressPool };
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Gives each Service of type LoadBalancer an address, as the cloud's controller does; a public one answers in the emulator's network. Runs until
 * the signal aborts; where the API server does not answer meanwhile, it goes on with it later.
 */
export async function runLoadBalancers(options: LoadBalancersOptions, signal: AbortSignal): Promise<void> {
  const { plane, client, uid, addresses, clock, logger } = options;
  const informer = createInformer({ client, resource: services, clock, logger });
  const frontEnds = new Map<string, FrontEnd>();

  async function release(key: string): Promise<void> {
    addresses.public.give(`${uid}/${key}`);
    addresses.internal.give(`${uid}/${key}`);
    await frontEnds.get(key)?.close();
    frontEnds.delete(key);
  }

  async function balance(key: string, service: Live<Service>): Promise<void> {
    const isInternal = service.metadata.annotations?.[internal] === 'true';
    const [pool, other] = isInternal ? [addresses.internal, addresses.public] : [addresses.public, addresses.internal];
    const before = service.status?.loadBalancer?.ingress?.[0]?.ip;
    other.give(`${uid}/${key}`);
    const address = pool.take(`${uid}/${key}`, service.spec?.loadBalancerIP ?? before);
    if (isInternal) await frontEnds.get(key)?.close();
    else {
      const front = frontEnds.get(key) ?? frontEnd(plane, plane.directory, service.metadata.uid!.slice(0, 8));
      frontEnds.set(key, front);
      const ports = (service.spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
      await front.serve(
        address,
        service.spec!.clusterIP!,
        ports.map(({ port }) => port),
      );
    }
    if (before !== address) await tell(service, [{ ip: address, ipMode: 'VIP' }]);
  }

  async function tell(service: Live<Service>, ingress: readonly object[]): Promise<void> {
    const { namespace, name } = service.metadata;
    try {
      const body = { status: { loadBalancer: ingress.length === 0 ? null : { ingress } } };
      const ref = { namespace: namespace!, name: name! };
      await client.patch(services, ref, { type: 'merge', body }, { subresource: 'status' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  const controller = createController({
    name: 'load-balancers',
    sources: [source(informer, itself)],
    clock,
    logger,
    async reconcile(key) {
      const service = informer.get(key);
      const wanted = service?.spec?.type === 'LoadBalancer' && service.metadata.deletionTimestamp === undefined;
      if (wanted) return await balance(key, service);
      await release(key);
      if (service?.status?.loadBalancer?.ingress !== undefined) await tell(service, []);
    },
  });
  await Promise.all([informer.run(signal), controller.run(signal)]);
  for (const key of frontEnds.keys()) await release(key);
}
