import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { LabError, exitCode } from '@kaito/lab-kubernetes';

/** Between two looks for what `unshare` starts, ms. */
const lookAgain = 20;

/** Sends a signal to those whom it is for: the program, or, where that is `unshare`, what it starts. */
async function pass(child: ChildProcess, program: string, signal: NodeJS.Signals): Promise<void> {
  if (program !== 'unshare') return void child.kill(signal);
  while (child.exitCode === null && child.signalCode === null) {
    const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    if (inside !== '') return inside.split(' ').forEach((pid) => process.kill(Number(pid), signal));
    await setTimeout(lookAgain);
  }
}

/** Flags that end a program with the process that starts it, however that ends: the kernel sends the signal. Linux only. */
function dying(program: string): readonly string[] {
  // unshare heeds no other signal, and all that is inside goes with it.
  return process.platform === 'linux' ? ['setpriv', '--pdeathsig', program === 'unshare' ? 'KILL' : 'TERM', '--'] : [];
}

/**
 * Runs a program that has the terminal; signals to this process go on to it, and on Linux it does not outlive this process.
 *
 * @returns its exit code, 128 and more where a signal ended it
 * @throws LabError where there is no such program
 */
export async function foreground(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program] = argv as [string, ...string[]];
  try {
    execFileSync('sh', ['-c', 'command -v -- "$0"', program], { env, stdio: 'ignore' });
  } catch (error) {
    throw new LabError(`${program} cannot be run: there is no such program`, 'write a command that is on PATH', {
      cause: error,
    });
  }
  const [file, ...args] = [...dying(program), ...argv] as [string, ...string[]];
  return await exitCode(
    () => spawn(file, args, { stdio: 'inherit', env }),
    // What can't be signalled has ended.
    (child, signal) => void pass(child, program, signal).catch(() => {}),
  );
}
