import type { ComputeSku, Usage } from '@kaito/azure';
import { isForbidden } from '@kaito/kube';
import { type CloudFacts, type Fact, type OfferFacts, unknown } from '@kaito/planner';
import type { Cluster } from '../../cluster/connect.ts';
import { Failure } from '../../failure.ts';
import type { Session } from '../../session.ts';
import { type AzureAccess, onAzure } from '../connect.ts';
import { explained } from '../explain.ts';
import { sameName } from '../resource-id.ts';

/** A plan does not wait longer for Azure, ms. */
const patienceMs = 20_000;

/** What Azure offers in the cluster's region; unknown where the cluster is not of Azure. Never fails: what Azure does not tell is a part of it. */
export async function factsOfCloud(session: Session, cluster: Cluster): Promise<Fact<CloudFacts>> {
  const place = await placeOf(cluster);
  if (place === undefined) return unknown;
  const asOf = new Date(session.now()).toISOString();
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const value = await within(
      signal,
      onAzure(session, place.subscriptionId, (azure) => offersIn(azure, place.region, signal)),
    );
    return { state: 'known', asOf, value };
  } catch (error) {
    return {
      state: 'known',
      asOf,
      value: { region: place.region, offers: [], unseen: { what: 'offers and quota', ...reasonOf(error, signal) } },
    };
  }
}

/** The machine types of a region with what is left of their quota; where quotas may not be read, that is said. */
export async function offersIn(azure: AzureAccess, region: string, signal: AbortSignal): Promise<CloudFacts> {
  const [skus, usages] = await Promise.all([
    azure.compute.skus(region, { signal }),
    azure.compute.usages(region, { signal }).catch((error: unknown) => reasonOf(error, signal)),
  ]);
  const known = Array.isArray(usages) ? (usages as readonly Usage[]) : undefined;
  const offers = skus.map((sku) => offerOf(sku, known));
  return { region, offers, ...(known === undefined && { unseen: { what: 'quota', ...(usages as Reason) } }) };
}

function offerOf({ name, family, zones, restrictions }: ComputeSku, usages: readonly Usage[] | undefined): OfferFacts {
  const restriction = restrictions.find((each) => each.zones === undefined)?.reason;
  const closed = new Set(restrictions.flatMap((each) => each.zones ?? []));
  // Both the family's quota and that of all vCPUs in the region hold.
  const left = (usages ?? [])
    .filter((usage) => sameName(usage.name, family) || usage.name === 'cores')
    .map(({ limit, current }) => Math.max(0, limit - current));
  return {
    instanceType: name,
    offered: true,
    zones: zones.filter((zone) => !closed.has(zone)),
    ...(restriction !== undefined && { restriction }),
    ...(left.length > 0 && { quotaLeft: Math.min(...left) }),
  };
}

interface Reason {
  readonly why: string;
  readonly remedy?: string;
}

function reasonOf(error: unknown, signal: AbortSignal): Reason {
  if (signal.aborted)
    return {
      why: `Azure gave no answer within ${patienceMs / 1000} s.`,
      remedy: 'Try again, or look: az vm list-usage.',
    };
  const why = explained(error);
  if (!(why instanceof Failure)) throw error;
  const remedy = why.findings[0]?.remedy;
  return { why: why.message, ...(remedy != null && { remedy }) };
}

function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

interface Place {
  readonly subscriptionId: string;
  readonly region: string;
}

/** Where Azure says the cluster's nodes are; undefined where they are not Azure's, or may not be seen. */
async function placeOf({ client }: Cluster): Promise<Place | undefined> {
  try {
    const { items = [] } = (await client.raw('GET', '/api/v1/nodes?limit=10')) as {
      readonly items?: readonly {
        readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
        readonly spec?: { readonly providerID?: string };
      }[];
    };
    for (const { metadata, spec } of items) {
      const subscriptionId = /^azure:\/\/\/subscriptions\/([^/]+)/i.exec(spec?.providerID ?? '')?.[1];
      const region = metadata?.labels?.['topology.kubernetes.io/region'];
      if (subscriptionId !== undefined && region !== undefined) return { subscriptionId, region };
    }
    return undefined;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
