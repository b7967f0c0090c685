import type { Finding } from '../finding.ts';
import { validateWorkspace } from '../workspace/validate.ts';

/** Findings as short lines: severity, code and path. */
export function told(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity, path }) => `${severity} ${code} ${path}`);
}

/** What `validateWorkspace` says of a new object, as short lines. */
export function problems(object: unknown): string[] {
  return told(validateWorkspace(object));
}
