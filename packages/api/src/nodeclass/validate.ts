import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import { check, explain } from '../structural/check.ts';
import { nearest } from '../structural/suggestion.ts';
import { nodeClassStructure } from './schema.ts';

/** Every problem of a KaitoNodeClass at once; never throws. Codes: UnknownField, MissingField, InvalidType, InvalidValue, MutuallyExclusive. */
export function validateNodeClass(object: unknown): Finding[] {
  const violations = check(nodeClassStructure, object);
  const findings = violations.map((violation): Finding => {
    if (violation.code !== 'UnknownField') return explain(violation);
    const parent = violation.path.slice(0, -1);
    const name = String(violation.path.at(-1));
    const meant = nearest(name, violation.siblings);
    return {
      code: 'UnknownField',
      severity: 'error',
      path: formatPath(violation.path),
      message: `${formatPath(parent) || 'A KaitoNodeClass'} has no field ${name.slice(0, 80)}.`,
      remedy:
        meant === undefined
          ? `Remove it; the fields here are ${violation.siblings.join(', ')}.`
          : `Did you mean ${formatPath([...parent, meant])}?`,
    };
  });
  const spec = (object as { spec?: { mode?: unknown; spot?: unknown } } | null | undefined)?.spec;
  if (spec?.mode === 'System' && spec.spot !== undefined) {
    findings.push({
      code: 'MutuallyExclusive',
      severity: 'error',
      path: 'spec.spot',
      message: 'spec.mode is System and spec.spot is set; AKS has no spot pools of mode System.',
      remedy: 'Remove spec.spot, or set spec.mode to User.',
    });
  }
  return findings;
}
