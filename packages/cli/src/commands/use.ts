import { exitCode, type ExitCode } from '../failure.ts';
import type { Session } from '../session.ts';
import { notSupported, savedTarget, saveTarget } from '../workspace/target.ts';

/** `kaito use`: shows or saves where commands act. */
export async function use({ terminal }: Session, target: string | undefined): Promise<ExitCode> {
  if (target != null && target !== 'local') throw notSupported(target);
  if (target != null) await saveTarget(target);
  const current = await savedTarget();
  if (current !== 'local') throw notSupported(current);
  terminal.out('Commands act on this machine (local).\n');
  return exitCode.done;
}
