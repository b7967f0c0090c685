import { type Finding, parseWorkspaces } from '@kaito/api';
import { blocks, exitCode, type ExitCode, usage } from '../failure.ts';
import { isData, type Format, writeData } from '../output.ts';
import type { Session } from '../session.ts';
import { readSources } from '../workspace/manifest.ts';

interface Options {
  readonly filename?: readonly string[];
  readonly output?: Format;
}

/** `kaito validate`: names every problem of every file; exit code 1 when one is an error. */
export async function validate({ terminal }: Session, files: readonly string[], options: Options): Promise<ExitCode> {
  const named = [...files, ...(options.filename ?? [])];
  if (named.length === 0) throw usage('No manifest is named.', 'Name it: kaito validate -f FILE.');
  const sources = await readSources(named);
  const findings: Finding[] = [];
  for (const { file, text } of sources) {
    const parsed = parseWorkspaces(text, { file });
    findings.push(...parsed.findings);
    if (isData(options.output)) continue;
    if (parsed.findings.length > 0) terminal.out(blocks(parsed.findings, terminal.outStyle));
    const errors = parsed.findings.filter(({ severity }) => severity === 'error').length;
    const names = parsed.workspaces.map(({ metadata }) => metadata.name ?? metadata.generateName).join(', ');
    terminal.out(
      errors === 0
        ? `${terminal.outStyle.green('valid')} ${file}: ${names}\n`
        : `${terminal.outStyle.red('invalid')} ${file}: ${errors} error${errors === 1 ? '' : 's'}\n`,
    );
  }
  const valid = findings.every(({ severity }) => severity !== 'error');
  if (isData(options.output)) await writeData(terminal, options.output, { valid, findings });
  return valid ? exitCode.done : exitCode.refused;
}
