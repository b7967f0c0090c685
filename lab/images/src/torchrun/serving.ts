import { spawn } from 'node:child_process';

/** The inference server, as a process of its own. */
export interface Serving {
  /** Resolves with how it ended, in words; never rejects. */
  readonly exited: Promise<string>;
  /** Lets it finish what it has begun. */
  drain(): void;
  kill(): void;
}

/** Starts it, with this process's output. */
export function startServing([program, ...flags]: readonly [string, ...string[]]): Serving {
  const child = spawn(program, flags, { stdio: 'inherit' });
  return {
    exited: new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`the server: ${signal ?? `exit code ${code}`}`));
    }),
    drain: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}
