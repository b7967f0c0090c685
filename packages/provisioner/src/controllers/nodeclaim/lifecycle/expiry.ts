import { doNotDisruptAnnotation, type NodeClaim } from '@kaito/api';
import type { EventContent, Live } from '@kaito/kube';

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** A Go duration of hours, minutes and seconds, ms; undefined for `Never` and for what is none. */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d+(\.\d+)?[smh])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smh])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0);
}

/**
 * `spec.expireAfter`: the claim is ended at that age, or looked at again when it will be. A claim that is not to be disrupted, as KAITO's are,
 * does not expire: Karpenter's CRD writes an age into every claim that names none.
 */
export function expiry(
  claim: Live<NodeClaim>,
  now: Date,
): { readonly end: EventContent } | { readonly waitMs: number } | undefined {
  const ageMs = durationMs(claim.spec.expireAfter);
  if (ageMs === undefined || claim.metadata.annotations?.[doNotDisruptAnnotation] === 'true') return undefined;
  const waitMs = Date.parse(claim.metadata.creationTimestamp ?? '') + ageMs - now.getTime();
  if (waitMs > 0) return { waitMs };
  return {
    end: { type: 'Normal', reason: 'Expired', message: `it is older than ${claim.spec.expireAfter}; it is replaced` },
  };
}
