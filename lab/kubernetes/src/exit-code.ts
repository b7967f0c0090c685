import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/**
 * Starts a program that has the terminal and waits for its end; SIGINT and SIGTERM to this process go on to it, by `pass`.
 *
 * @returns its exit code, 128 and more where a signal ended it @throws what the start of the program ends with
 */
export async function exitCode(
  start: () => ChildProcess,
  pass: (child: ChildProcess, signal: NodeJS.Signals) => void = (child, signal) => void child.kill(signal),
): Promise<number> {
  // Before it begins: whoever sees that it runs may send a signal at once.
  const signalled = (signal: NodeJS.Signals): void => pass(child, signal);
  process.on('SIGINT', signalled).on('SIGTERM', signalled);
  const child = start();
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    process.off('SIGINT', signalled).off('SIGTERM', signalled);
  }
}
