import { AzureError } from '@kaito/azure';
import type { Check } from '../../doctor/check.ts';
import { exitCode, type ExitCode, Failure } from '../../failure.ts';
import { type Format, isData, writeData } from '../../output.ts';
import { withCommandName } from '../../program/command-name.ts';
import type { Session } from '../../session.ts';
import { fields } from '../../terminal/table.ts';
import { printable } from '../../terminal/terminal.ts';
import { explained } from '../explain.ts';

/** What one look found. `unknown`: it could not be seen from here, and `found` says why. */
export interface AzureCheck extends Omit<Check, 'state'> {
  readonly state: Check['state'] | 'unknown';
}

/** What a look that Azure refused, or that got no answer, means for its check. */
export function asCheck(error: unknown, name: string): AzureCheck {
  const why = explained(error);
  if (!(why instanceof Failure)) throw error;
  const [finding] = why.findings;
  const seen = error instanceof AzureError && error.code !== 'RightMissing' && error.retry !== 'soon';
  return {
    name,
    state: seen ? 'failed' : 'unknown',
    found: seen ? why.message : `not seen: ${why.message}`,
    ...(finding?.remedy != null && { remedy: finding.remedy }),
  };
}

/** Prints the checks in order, a cause before what follows from it, and ends with what to run first. Exit code 1 when one has failed. */
export async function report(
  { terminal }: Session,
  checks: readonly AzureCheck[],
  { output, fine, again }: { readonly output: Format | undefined; readonly fine: string; readonly again: string },
): Promise<ExitCode> {
  const failed = checks.filter(({ state }) => state === 'failed');
  const first = failed.find(({ remedy }) => remedy != null)?.remedy;
  if (isData(output)) {
    await writeData(terminal, output, {
      healthy: failed.length === 0,
      ...(first != null && { runFirst: first }),
      checks,
    });
    return failed.length === 0 ? exitCode.done : exitCode.refused;
  }
  const style = terminal.outStyle;
  const mark = { ok: style.green('✓'), warning: style.yellow('!'), failed: style.red('✗'), unknown: style.dim('?') };
  const say = (text: string) => terminal.out(withCommandName(text, terminal.env));
  say(
    fields(
      checks.map(({ name, state, found, remedy }) => [
        `${mark[state]} ${name}`,
        `${printable(found)}${remedy == null ? '' : `\n${style.dim('fix')} ${printable(remedy)}`}`,
      ]),
    ),
  );
  const unseen = checks.filter(({ state }) => state === 'unknown').length;
  const rest = unseen === 0 ? '' : ` ${unseen} could not be seen (?).`;
  if (failed.length === 0) say(`\n${style.green(fine)}${rest}\n`);
  else {
    say(`\n${style.red(`${failed.length} failed.`)}${rest}\n`);
    if (first != null) say(`Run first:\n  ${printable(first)}\nThen look again:\n  ${again}\n`);
  }
  return failed.length === 0 ? exitCode.done : exitCode.refused;
}
