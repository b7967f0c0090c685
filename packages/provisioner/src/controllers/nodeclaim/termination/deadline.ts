import { type NodeClaim, terminationTimestampAnnotation, timestamp } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { Dependencies } from '../../../dependencies.ts';
import { durationMs } from '../lifecycle/expiry.ts';
import { patchMetadata } from '../lifecycle/write-claim.ts';

/** From when on nothing on the claim's nodes is waited for; undefined: never. */
export function deadlineOf(claim: Live<NodeClaim>): Date | undefined {
  const time = Date.parse(claim.metadata.annotations?.[terminationTimestampAnnotation] ?? '');
  return Number.isNaN(time) ? undefined : new Date(time);
}

/**
 * Writes down when `spec.terminationGracePeriod` of a claim that is being deleted ends, where nobody has yet.
 *
 * @throws ApiError
 */
export async function withDeadline(
  claim: Live<NodeClaim>,
  deps: Pick<Dependencies, 'client' | 'caches' | 'recorder'>,
): Promise<Live<NodeClaim>> {
  const graceMs = durationMs(claim.spec.terminationGracePeriod);
  if (graceMs === undefined || deadlineOf(claim) !== undefined) return claim;
  const time = timestamp(new Date(Date.parse(claim.metadata.deletionTimestamp ?? '') + graceMs));
  const written = await patchMetadata(claim, { annotations: { [terminationTimestampAnnotation]: time } }, deps);
  deps.recorder.record(written, {
    type: 'Warning',
    reason: 'TerminationGracePeriodExpiring',
    message: `All pods on its node are given up at ${time}`,
  });
  return written;
}
