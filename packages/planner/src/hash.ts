import { createHash } from 'node:crypto';
import type { MachineType, ModelEntry } from '@kaito/catalog';
import type { PlanOptions } from './plan.ts';
import type { Request } from './request.ts';

/** JSON with the keys of every object in code unit order and absent fields left out: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined && typeof field !== 'function')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/**
 * sha256 (hex) over what decides a Plan: the Workspace's name, namespace, `kaito.sh/` annotations and specification, the catalog entries that
 * are used, and the options. Facts, status and the version of the API do not enter, nor does the order of keys or of the catalog.
 */
export function hashInputs(
  request: Request,
  entries: { readonly model: ModelEntry | undefined; readonly machine: MachineType | undefined },
  options: PlanOptions,
): string {
  return createHash('sha256')
    .update(canonicalJson({ request, ...entries, options }))
    .digest('hex');
}
