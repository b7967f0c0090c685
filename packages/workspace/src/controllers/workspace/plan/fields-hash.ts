import { createHash } from 'node:crypto';
import {
  bypassResourceChecksAnnotation,
  enableLoadBalancerAnnotation,
  internalLoadBalancerAnnotation,
  type Workspace,
} from '@kaito/api';

/** Annotations that change what runs. */
const acting = [enableLoadBalancerAnnotation, internalLoadBalancerAnnotation, bypassResourceChecksAnnotation];

/**
 * sha256 (hex) over what the person has decided in a Workspace: its sections and the annotations that act. Nothing of the operator or
 * its catalog enters, so that a newer one of these leaves it as it is.
 */
export function fieldsHash({ resource, inference, tuning, metadata }: Workspace): string {
  const annotations = acting.map((key) => metadata.annotations?.[key] ?? null);
  return sha256(JSON.stringify([resource ?? null, inference ?? null, tuning ?? null, annotations]));
}

/** sha256 of text, hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
