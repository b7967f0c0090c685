import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

/** Where a step begins in what the walkthrough prints: its number, and the command behind a dollar. */
const beginOf = (step: number): RegExp => new RegExp(String.raw`^ *${step} (?:\x1b\[\d+m)*\$ `, 'm');

/** Between two looks for `seen`, ms. */
const lookAgain = 20;

/**
 * Runs a walkthrough and kills it with all its processes (SIGKILL) when a step has begun and `seen` holds.
 *
 * @returns its exit code where it ended before
 */
export async function runUntil(
  argv: readonly string[],
  step: number,
  { seen = () => true, env = process.env }: { readonly seen?: () => boolean; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<number | 'killed'> {
  const [program, ...args] = argv as [string, ...string[]];
  const stop = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // In a session of its own: this process is not killed with it.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'], env });
  let said = '';
  const begun = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    said = (said + text).slice(-1_000);
    if (beginOf(step).test(said)) begun.resolve();
  });
  const kill = async (): Promise<boolean> => {
    await begun.promise;
    while (!seen() && child.exitCode === null) await setTimeout(lookAgain);
    return child.exitCode === null && process.kill(-child.pid!, 'SIGKILL');
  };
  const killing = kill();
  const [code] = (await once(child, 'close')) as [number | null];
  begun.resolve();
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return (await killing) ? 'killed' : (code ?? 1);
}
