import { exitCode, type ExitCode } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import type { Session } from '../session.ts';
import { fields } from '../terminal/table.ts';
import { printable } from '../terminal/terminal.ts';

/** What one look found. `warning`: models run, but less well or not all of them. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly found: string;
  readonly remedy?: string;
}

/** Prints the checks and, where none has failed, `fine`; or all as data. Exit code 1 when one has. */
export async function report(
  { terminal }: Session,
  checks: readonly Check[],
  { output, fine }: { readonly output: Format | undefined; readonly fine: string },
): Promise<ExitCode> {
  const failed = checks.filter(({ state }) => state === 'failed').length;
  if (isData(output)) {
    await writeData(terminal, output, { healthy: failed === 0, checks });
  } else {
    const style = terminal.outStyle;
    const mark = { ok: style.green('✓'), warning: style.yellow('!'), failed: style.red('✗') };
    const text = fields(
      checks.map(({ name, state, found, remedy }) => [
        `${mark[state]} ${name}`,
        `${printable(found)}${remedy == null ? '' : `\n${style.dim('fix')} ${printable(remedy)}`}`,
      ]),
    );
    terminal.out(text);
    const verdict =
      failed === 0 ? style.green(fine) : style.red(`${failed} failed; mend ${failed === 1 ? 'it' : 'them'} first.`);
    terminal.out(`\n${verdict}\n`);
  }
  return failed === 0 ? exitCode.done : exitCode.refused;
}
