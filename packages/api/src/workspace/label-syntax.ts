import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import type { Path } from '../path.ts';
import { describeValue } from '../structural/describe.ts';

const name = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const subdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** True for a label or annotation key: an optional DNS prefix with a slash, and a name of at most 63 characters. */
export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash === -1) return name.test(key);
  return subdomain.test(key.slice(0, slash)) && name.test(key.slice(slash + 1));
}

/**
 * What is wrong with a label. Rules: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set.
 */
export function labelFindings(key: string, value: string, path: Path): Finding[] {
  const base = { code: 'InvalidValue', severity: 'error', path: formatPath(path) } as const;
  const findings: Finding[] = [];
  if (!isQualifiedName(key)) {
    findings.push({
      ...base,
      message: `${describeValue(key)} is no label key.`,
      remedy: 'Use letters, digits, "-", "_" and ".", at most 63, with an optional DNS prefix and a slash.',
    });
  }
  if (value !== '' && !name.test(value)) {
    findings.push({
      ...base,
      message: `${formatPath(path)} has ${describeValue(value)}, which is no label value.`,
      remedy: 'Use letters, digits, "-", "_" and ".", at most 63, beginning and ending with a letter or digit.',
    });
  }
  return findings;
}
