import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { settingNames } from '../launch/settings.ts';
import { rendezvousHost } from './launch-lines.ts';

/** A pod's process: a launch line run by a shell, as a container would. */
export interface RunningPod {
  /** Everything it has written. */
  readonly output: () => string;
  readonly exited: Promise<number | null>;
  /** What the path of its API answers; undefined while nothing listens. */
  get(path: string): Promise<{ readonly status: number; readonly body: unknown } | undefined>;
  post(path: string, body: object): Promise<{ readonly status: number; readonly body: unknown }>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** A folder with what an image has in `/usr/local/bin` and `/workspace`, made from the sources; and the pods that run from it. */
export class ImageFolder {
  readonly #root = mkdtempSync(join(tmpdir(), 'stand-in-'));
  readonly #pods: { readonly child: ChildProcess; readonly exited: Promise<unknown> }[] = [];
  /** Pods of a job have addresses of this network, pod 0 the first. */
  readonly #network = `127.${randomInt(1, 255)}.${randomInt(256)}`;
  /** What the image's variables say. */
  readonly #settings: Readonly<Record<string, string>>;

  /** `server`: the entry of another program in place of the inference server. */
  constructor(weights: string, server = fileURLToPath(new URL('main.ts', import.meta.resolve('@kaito/server')))) {
    this.#settings = { [settingNames.server]: server, [settingNames.model]: weights };
    for (const program of ['accelerate', 'torchrun']) {
      const file = join(this.#root, 'bin', program);
      mkdirSync(join(file, '..'), { recursive: true });
      const main = fileURLToPath(new URL(`../${program}/main.ts`, import.meta.url));
      writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
      chmodSync(file, 0o755);
    }
    for (const folder of ['tfs', 'llama/llama-2']) {
      mkdirSync(join(this.#root, 'workspace', folder), { recursive: true });
      writeFileSync(join(this.#root, 'workspace', folder, 'inference_api.py'), '');
    }
  }

  /** Runs a launch line as pod `ordinal` of a job; names of the cluster become addresses of this machine. */
  run(line: string, options: { readonly ordinal?: number; readonly llamaApi?: string } = {}): RunningPod {
    const { ordinal = 0, llamaApi } = options;
    const address = `${this.#network}.${ordinal + 1}`;
    const workspace = join(this.#root, 'workspace');
    const here = line.replaceAll(rendezvousHost, `${this.#network}.1`).replaceAll('cd /workspace/', `cd ${workspace}/`);
    const child = spawn('/bin/sh', ['-c', here], {
      cwd: join(workspace, 'tfs'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: `${join(this.#root, 'bin')}:${process.env['PATH']}`,
        HOSTNAME: `workspace-${ordinal}`,
        ...this.#settings,
        [settingNames.host]: address,
        ...(llamaApi !== undefined && { [settingNames.llamaApi]: llamaApi }),
      },
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (text) => lines.push(text));
    }
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    this.#pods.push({ child, exited });
    const url = (path: string) => `http://${address}:5000${path}`;
    return {
      output: () => lines.join('\n'),
      exited,
      get: async (path) => {
        const response = await fetch(url(path)).catch(() => undefined);
        return response && { status: response.status, body: await response.json() };
      },
      post: async (path, body) => {
        const response = await fetch(url(path), { method: 'POST', body: JSON.stringify(body) });
        return { status: response.status, body: await response.json() };
      },
      kill: (signal) => void process.kill(launcherOf(child), signal),
    };
  }

  /** Ends all pods and removes the folder. */
  async remove(): Promise<void> {
    for (const { child } of this.#pods)
      if (child.exitCode === null && child.signalCode === null) process.kill(launcherOf(child), 'SIGTERM');
    await Promise.all(this.#pods.map(({ exited }) => exited));
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** The process that the shell has started; its own where it has given that its place. */
function launcherOf({ pid = 0 }: ChildProcess): number {
  if (readlinkSync(`/proc/${pid}/exe`) === process.execPath) return pid;
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return child === undefined || child === '' ? pid : Number(child);
}
