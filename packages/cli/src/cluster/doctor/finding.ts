import { isForbidden } from '@kaito/kube';
import type { Check } from '../../doctor/check.ts';
import { Failure } from '../../failure.ts';
import { explained } from '../explain.ts';

/**
 * What a request that was refused or got no answer means for the check that made it. Where the person has no right to look, that is told without
 * more: few have rights in the whole cluster, and the check of rights says which are needed.
 */
export function asCheck(error: unknown, name: string): Check {
  const why = explained(error);
  if (!(why instanceof Failure)) throw error;
  const [finding] = why.findings;
  const message = finding?.message ?? why.message;
  if (isForbidden(error)) return { name, state: 'warning', found: `not looked at: ${message}` };
  return { name, state: 'failed', found: message, ...(finding?.remedy != null && { remedy: finding.remedy }) };
}

/** Up to three of the names, and how many more there are. */
export function some(names: readonly string[]): string {
  const more = names.length - 3;
  return `${names.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
