import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import type { Path } from '../path.ts';
import { acting } from './acting.ts';

/** Refuses by name each field that is set and that nobody acts on. */
export function notSupportedFindings(object: unknown): Finding[] {
  const findings: Finding[] = [];
  for (const row of acting) {
    if (!('notSupported' in row)) continue;
    const { reason, remedy } = row.notSupported;
    for (const path of occurrences(object, row.field)) {
      const at = formatPath(path);
      findings.push({
        code: 'NotSupported',
        severity: 'error',
        path: at,
        message: `${at} is set, but ${reason}.`,
        remedy,
      });
    }
  }
  return findings;
}

/** The places of an object that a field pattern such as `inference.adapters[].source.image` names and that hold a value. */
function occurrences(object: unknown, field: string): Path[] {
  let found: { path: Path; value: unknown }[] = [{ path: [], value: object }];
  for (const step of field.replaceAll('[]', '.[]').split('.')) {
    found = found.flatMap(({ path, value }) => {
      if (step === '[]')
        return Array.isArray(value)
          ? value.map((item: unknown, index) => ({ path: [...path, index], value: item }))
          : [];
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return [];
      return [{ path: [...path, step], value: (value as Record<string, unknown>)[step] }];
    });
  }
  return found.filter(({ value }) => value !== undefined && value !== null).map(({ path }) => path);
}
