import type { Finding } from '@kaito/api';
import { printable, type Terminal } from './terminal/terminal.ts';

/** Exit codes of the command. */
export const exitCode = { done: 0, refused: 1, usage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** An error as data, on its way to the person: shown as one block, never with a stack trace. */
export class Failure extends Error {
  readonly findings: readonly Finding[];
  readonly exit: ExitCode;

  constructor(findings: readonly Finding[], exit: ExitCode = exitCode.refused) {
    super(findings.map(({ message }) => message).join('; '));
    this.name = 'Failure';
    this.findings = findings;
    this.exit = exit;
  }
}

/** A Failure of one error. `message` is one sentence; `remedy` says what mends it. */
export function failure(
  code: string,
  message: string,
  remedy?: string,
  more: Pick<Finding, 'file' | 'path'> & { readonly exit?: ExitCode } = {},
): Failure {
  const { exit, ...place } = more;
  return new Failure([{ code, severity: 'error', message, ...(remedy == null ? {} : { remedy }), ...place }], exit);
}

/** A wrong use of the command line: exit code 2. */
export function usage(message: string, remedy: string): Failure {
  return failure('Usage', message, remedy, { exit: exitCode.usage });
}

/** Where a Finding points: `file.yaml:7:3 (resource.instanceType)`; undefined when it points nowhere. */
export function place(finding: Finding): string | undefined {
  const position = [finding.file, finding.line, finding.column].filter((part) => part != null).join(':');
  const path = finding.path == null || finding.path === '' ? '' : finding.path;
  if (position === '') return path === '' ? undefined : path;
  return path === '' ? position : `${position} (${path})`;
}

/** One Finding as a block: what, where, how to mend it. Ends with a newline. */
export function block(finding: Finding, style: Terminal['errStyle']): string {
  const mark =
    finding.severity === 'error'
      ? style.red(style.bold('error'))
      : finding.severity === 'warning'
        ? style.yellow(style.bold('warning'))
        : style.blue(style.bold('note'));
  const where = place(finding);
  const lines = [`${mark}: ${finding.message} ${style.dim(`[${finding.code}]`)}`];
  if (where != null) lines.push(`  ${style.dim('at')}  ${where}`);
  if (finding.remedy != null) lines.push(`  ${style.dim('fix')} ${finding.remedy}`);
  return `${lines.join('\n')}\n`;
}

/** Findings in the order error, warning, note; each a block of text that cannot steer the terminal. */
export function blocks(findings: readonly Finding[], style: Terminal['errStyle']): string {
  const order = { error: 0, warning: 1, info: 2 } as const;
  return findings
    .toSorted((one, other) => order[one.severity] - order[other.severity])
    .map((finding) => block(clean(finding), style))
    .join('');
}

function clean(finding: Finding): Finding {
  const shown = { ...finding, message: printable(finding.message) };
  return finding.remedy == null ? shown : { ...shown, remedy: printable(finding.remedy) };
}
