import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { LabError } from '@kaito/lab-kubernetes';
import type { Keeper } from './keeper.ts';

/** Those whom a signal to `child` is for: it, or what `unshare` started. */
function heeding(child: ChildProcess): readonly number[] {
  if (child.pid === undefined) return [];
  if (child.spawnfile !== 'unshare') return [child.pid];
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  return inside === '' ? [] : inside.split(' ').map(Number);
}

/**
 * Runs a program that has the terminal; signals to this process go on to it, and where a keeper is given it does not outlive this process.
 *
 * @returns its exit code, 128 and more where a signal ended it
 */
export async function foreground(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  keeper?: Pick<Keeper, 'hold'>,
): Promise<number> {
  const [program, ...args] = argv as [string, ...string[]];
  const child: ChildProcess = spawn(program, args, { stdio: 'inherit', env });
  // unshare heeds no other signal, and all that is inside goes with it.
  keeper?.hold(child.pid, program === 'unshare' ? 'KILL' : 'TERM');
  const pass = (signal: NodeJS.Signals): void => {
    for (const pid of heeding(child)) process.kill(pid, signal);
  };
  process.on('SIGINT', pass).on('SIGTERM', pass);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (error) {
    throw new LabError(
      `${program} cannot be run: ${error instanceof Error ? error.message : String(error)}`,
      'write a command that is on PATH',
      { cause: error },
    );
  } finally {
    keeper?.hold(undefined);
    process.off('SIGINT', pass).off('SIGTERM', pass);
  }
}
