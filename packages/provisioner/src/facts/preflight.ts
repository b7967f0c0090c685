import { AzureError, type Compute, type ComputeSku, type Usage } from '@kaito/azure';
import type { Clock, Logger } from '@kaito/kube';
import type { Candidate } from '../requirements/candidate.ts';
import { reasonOf } from '../operations/failure-words.ts';

/** What is known beforehand of a way to get a machine. */
export type Outlook =
  | { readonly outlook: 'good' | 'unknown' }
  | { readonly outlook: 'poor'; readonly reason: string; readonly message: string };

export interface Preflight {
  /** Never rejects, and never takes long: what cannot be found out is unknown. */
  look(candidates: readonly Candidate[], signal: AbortSignal): Promise<readonly Outlook[]>;
  /** Why quotas and offers are not known, once; `QuotaUnknown`. Undefined while they are, or before anybody looked. */
  readonly unknown: { readonly message: string; readonly remedy: string } | undefined;
}

/** Our choice: what Azure does not tell by then, the pool's creation will. */
const patienceMs = 10_000;
const skusMs = 600_000;
const usagesMs = 60_000;
/** After a refusal Azure is not asked again so soon. */
const refusedMs = 600_000;

export interface PreflightOptions {
  readonly compute: Compute;
  readonly location: string;
  readonly subscriptionId: string;
  readonly clientId: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Looks at offers and quotas before a pool is asked for. It only advises which way to try first: rights on the cluster alone do not reach the
 * subscription's quotas, and what Azure says there may be old.
 */
export function createPreflight(options: PreflightOptions): Preflight {
  const { compute, location, subscriptionId, clientId = '<client id>', clock, logger } = options;
  let unknown: Preflight['unknown'];
  const skus = cached(skusMs, (signal) => compute.skus(location, { signal }));
  const usages = cached(usagesMs, (signal) => compute.usages(location, { signal }));

  function cached<T>(freshMs: number, ask: (signal: AbortSignal) => Promise<readonly T[]>) {
    let until = -1;
    let value: readonly T[] | undefined;
    return async (signal: AbortSignal): Promise<readonly T[] | undefined> => {
      if (clock.monotonic() < until) return value;
      const patience = new AbortController();
      const cancel = clock.after(patienceMs, () => patience.abort(new Error('no answer in time')), { unref: true });
      try {
        value = await ask(AbortSignal.any([signal, patience.signal]));
        until = clock.monotonic() + freshMs;
      } catch (error) {
        value = undefined;
        until = clock.monotonic() + refusedMs;
        tell(error);
      } finally {
        cancel();
      }
      return value;
    };
  }

  function tell(error: unknown): void {
    if (unknown !== undefined) return;
    const forbidden = error instanceof AzureError && (error.code === 'RightMissing' || error.code === 'Unauthorized');
    const message = `quotas and offers of ${location} are not known beforehand: ${error instanceof Error ? error.message : String(error)}`;
    const remedy = forbidden
      ? `az role assignment create --assignee ${clientId} --role Reader --scope /subscriptions/${subscriptionId}`
      : `nothing need be done; to look yourself: az vm list-usage --location ${location} -o table`;
    unknown = { message, remedy };
    logger.log('warn', message, { code: 'QuotaUnknown', remedy });
  }

  return {
    get unknown() {
      return unknown;
    },
    async look(candidates, signal) {
      const [offers, quotas] = await Promise.all([skus(signal), usages(signal)]);
      if (offers !== undefined && quotas !== undefined) unknown = undefined;
      return candidates.map((candidate) => outlookOf(candidate, offers, quotas, location));
    },
  };
}

/** What offers and quotas say of one way; undefined lists are not known. */
export function outlookOf(
  { vmSize, zone, spot }: Candidate,
  offers: readonly ComputeSku[] | undefined,
  quotas: readonly Usage[] | undefined,
  location: string,
): Outlook {
  const sku = offers?.find(({ name }) => name.toLowerCase() === vmSize.toLowerCase());
  if (offers === undefined) return { outlook: 'unknown' };
  if (sku === undefined) return poor('SkuNotAvailable', `${location} does not offer ${vmSize}`);
  const whole = sku.restrictions.find(({ zones }) => zones === undefined || zones.length === 0);
  if (whole !== undefined) {
    return poor('SkuNotAvailable', `${vmSize} is not available to this subscription in ${location}: ${whole.reason}`);
  }
  if (zone !== undefined) {
    const restricted = sku.restrictions.find(({ zones }) => zones?.includes(zone));
    if (!sku.zones.includes(zone) || restricted !== undefined) {
      return poor('ZoneNotAvailable', `${vmSize} is not offered in zone ${zone} of ${location}`);
    }
  }
  if (quotas === undefined) return { outlook: 'unknown' };
  const names = spot ? ['lowPriorityCores'] : [sku.family, 'cores'];
  const short = names
    .map((name) => quotas.find((usage) => usage.name.toLowerCase() === name.toLowerCase()))
    .find((usage) => usage !== undefined && usage.current + sku.vCPUs > usage.limit);
  if (short === undefined) return { outlook: 'good' };
  return poor(
    'QuotaExceeded',
    `${short.localizedName}: ${short.current} of ${short.limit} are used in ${location}, and ${vmSize} takes ${sku.vCPUs}`,
  );
}

function poor(code: 'SkuNotAvailable' | 'ZoneNotAvailable' | 'QuotaExceeded', message: string): Outlook {
  return { outlook: 'poor', reason: reasonOf(code), message };
}
