import { completionScripts, type Shell } from '../completion/scripts.ts';
import { exitCode, type ExitCode } from '../failure.ts';
import type { Session } from '../session.ts';

/** `kaito completion`: prints the script to be sourced. */
export function completion({ terminal }: Session, shell: Shell): Promise<ExitCode> {
  terminal.out(completionScripts[shell]);
  return Promise.resolve(exitCode.done);
}
