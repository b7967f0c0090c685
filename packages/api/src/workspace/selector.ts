import type { Finding } from '../finding.ts';
import { reservedSelectorKeys } from '../labels.ts';
import { formatPath } from '../path.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../workspace.ts';
import { labelFindings } from './label-syntax.ts';

const at = ['resource', 'labelSelector'] as const;

/**
 * The selector as a plain map: `matchLabels` and each `In` expression with a single value. Undefined when it says something that a map
 * cannot: another operator, several values, or two values for one key.
 */
export function selectorLabels(selector: LabelSelector | undefined): ReadonlyMap<string, string> | undefined {
  const labels = new Map(Object.entries(selector?.matchLabels ?? {}));
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const [value, ...others] = values ?? [];
    if (operator !== 'In' || value === undefined || others.length > 0) return undefined;
    if (labels.has(key) && labels.get(key) !== value) return undefined;
    labels.set(key, value);
  }
  return labels;
}

/** True when both select the same labels, in whichever form they are written. */
export function sameSelector(left: LabelSelector | undefined, right: LabelSelector | undefined): boolean {
  const a = selectorLabels(left);
  const b = selectorLabels(right);
  return (
    a !== undefined && b !== undefined && a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
  );
}

/** What is wrong with a labelSelector that has the right types. */
export function selectorFindings(selector: LabelSelector): Finding[] {
  const findings: Finding[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    findings.push(...labelFindings(key, value, [...at, 'matchLabels', key]));
  }
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    findings.push(...requirementFindings(requirement, index));
  }
  const labels = selectorLabels(selector);
  if (labels === undefined) {
    if (findings.length === 0) {
      findings.push({
        code: 'InvalidValue',
        severity: 'error',
        path: formatPath(at),
        message: 'resource.labelSelector demands two values for one key, which no machine can have.',
        remedy: 'Keep one of them.',
      });
    }
    return findings;
  }
  const reserved = [...labels.keys()].filter((key) => reservedSelectorKeys.includes(key));
  if (reserved.length > 0) {
    const all = reserved.length === labels.size;
    findings.push({
      code: 'ReservedLabel',
      severity: all ? 'error' : 'warning',
      path: formatPath(at),
      message: all
        ? `resource.labelSelector holds only labels that KAITO sets itself (${reserved.join(', ')}).`
        : `KAITO sets ${reserved.join(', ')} itself; in resource.labelSelector it has no effect.`,
      remedy: all ? 'Select by a label of your own, e.g. apps: my-model.' : 'Remove it from the selector.',
    });
  }
  return findings;
}

function requirementFindings({ key, operator, values }: LabelSelectorRequirement, index: number): Finding[] {
  const path = [...at, 'matchExpressions', index];
  const invalid = (message: string, field: string): Finding => ({
    code: 'InvalidValue',
    severity: 'error',
    path: formatPath([...path, field]),
    message,
    remedy: 'Use operator In with one value, or matchLabels.',
  });
  if (operator !== 'In') {
    return [
      invalid(
        `Machines cannot be provisioned for operator ${operator}; only In with one value is possible.`,
        'operator',
      ),
    ];
  }
  if (values?.length !== 1) {
    return [invalid(`Operator In needs exactly one value here, but has ${values?.length ?? 0}.`, 'values')];
  }
  return labelFindings(key, values[0]!, path);
}
