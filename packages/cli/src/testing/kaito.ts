import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../../..');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Called with the process and each piece of its error stream. */
  readonly onError?: (text: string, child: ChildProcess) => void;
  /** Called with the process and each piece of its output. */
  readonly onOutput?: (text: string, child: ChildProcess) => void;
}

/** The real command in processes of its own, with a state directory of its own. Weights are kept between test runs. */
export class Kaito {
  readonly directory = mkdtempSync(join(tmpdir(), 'kaito-cli-'));
  readonly #env = {
    ...process.env,
    KAITO_STATE: join(this.directory, 'state'),
    KAITO_CACHE: join(root, '.cache', 'test-cli'),
    NO_COLOR: '1',
  };

  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return new Promise((done, fail) => {
      const child = spawn(process.execPath, ['packages/cli/src/main.ts', ...args], { cwd: root, env: this.#env });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        options.onOutput?.(chunk.toString(), child);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString();
        options.onError?.(chunk.toString(), child);
      });
      child.once('error', fail);
      child.once('close', (code) => done({ code, out, err }));
      child.stdin.on('error', () => {});
      child.stdin.end(options.input ?? '');
    });
  }

  /** Stops all that was started and removes the state. */
  async dispose(): Promise<void> {
    await this.run(['down', '--all']);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
