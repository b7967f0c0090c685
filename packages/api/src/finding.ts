/** How much a Finding weighs: an `error` refuses, a `warning` is admitted and shown, `info` explains. */
export type Severity = 'error' | 'warning' | 'info';

/**
 * One thing that is wrong with, or worth knowing about, an input. Every validator, the planner and every boundary report Findings;
 * nothing throws for bad input.
 */
export interface Finding {
  /** Stable identifier in PascalCase, e.g. `UnknownField`, `InsufficientGPUMemory`, `NotSupported`. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence: what is wrong, with the figures. */
  readonly message: string;
  /** One sentence, imperative: what mends it; a command where one exists. */
  readonly remedy?: string;
  /** Field path in the object, e.g. `resource.instanceType`, `inference.adapters[0].strength`. Empty for the whole object. */
  readonly path?: string;
  /** File, and 1-based line and column there, when the object came from a file. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** True when no Finding is an error. */
export function admitted(findings: readonly Finding[]): boolean {
  return !findings.some((finding) => finding.severity === 'error');
}
