import type { Finding } from '@kaito/api';
import type { Verdict } from '@kaito/kube';

/** Faults told at most; a person mends a few at a time, and the answer stays small. */
const maxErrors = 20;
/** kubectl prints each warning on a line of its own. */
const maxWarnings = 10;
/** The API server cuts warnings to so many characters once there is much of them (`truncateItemRunes`). */
const maxWarningLength = 256;

/**
 * What the API server is told of findings: errors refuse, each on a line of its own as `path: message Remedy`; warnings are shown. The message has
 * the form and code that Go's KAITO gives, so that it reads as people know it and scripts that look for it find it.
 */
export function verdictOf(findings: readonly Finding[]): Verdict {
  const warnings = warningsOf(findings);
  const errors = unique(findings.filter(({ severity }) => severity === 'error'));
  if (errors.length === 0) return { allowed: true, warnings };
  const lines = errors.slice(0, maxErrors).map(lineOf);
  if (errors.length > maxErrors) lines.push(`… and ${errors.length - maxErrors} more.`);
  return {
    allowed: false,
    code: 400,
    reason: 'BadRequest',
    message: `validation failed: ${lines.join('\n')}`,
    causes: errors.slice(0, maxErrors).map(({ code, message, path }) => ({
      reason: code,
      message,
      ...(path === undefined ? {} : { field: path }),
    })),
    warnings,
  };
}

function warningsOf(findings: readonly Finding[]): string[] {
  const all = unique(findings.filter(({ severity }) => severity === 'warning')).map((finding) =>
    shortened(lineOf(finding)),
  );
  if (all.length <= maxWarnings) return all;
  return [...all.slice(0, maxWarnings - 1), `… and ${all.length - maxWarnings + 1} more warnings.`];
}

/** One line, whatever line breaks the values in it have. A path that the message begins with is not said twice. */
function lineOf({ path, message, remedy }: Finding): string {
  const place = path === undefined || path === '' || message.startsWith(path) ? '' : `${path}: `;
  return `${place}${message}${remedy === undefined ? '' : ` ${remedy}`}`.replaceAll(/\s+/g, ' ');
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= maxWarningLength ? text : `${characters.slice(0, maxWarningLength - 1).join('')}…`;
}

/** Validation and plan may find the same fault at the same place. */
function unique(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ path, message }) => {
    const key = `${path}\n${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
