import { isDeepStrictEqual } from 'node:util';
import { validateNodeClass } from '@kaito/api';
import type { AdmissionHandler } from '@kaito/kube';
import { verdictOf } from './verdict.ts';

/** Validates KaitoNodeClasses. What does not change the spec, and what is on its way out, is let through. */
export const nodeClassHandler: AdmissionHandler = ({ operation, subResource, object, oldObject }) => {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return { allowed: true };
  if ((subResource ?? '') !== '' || object?.metadata?.deletionTimestamp != null) return { allowed: true };
  if (oldObject !== null && isDeepStrictEqual(specOf(object), specOf(oldObject))) return { allowed: true };
  const findings = validateNodeClass(object);
  return verdictOf(findings.filter(({ path }) => path?.startsWith('status') !== true));
};

function specOf(object: unknown): unknown {
  return (object as { readonly spec?: unknown } | null)?.spec;
}
