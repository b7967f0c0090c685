import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { run } from '../../../lab/kubernetes/src/run.ts';
import { type BuiltImage, blobFile, readManifest } from '../layout.ts';

/** Unpacks the layers of an image. */
export async function unpack(image: BuiltImage, folder: string): Promise<void> {
  await mkdir(folder);
  for (const { digest } of (await readManifest(image)).layers) {
    await run('tar', ['-xzf', blobFile(image.layout, digest), '-C', folder]);
  }
}

/** What an image says of its containers. */
export interface ContainerConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
}

export async function configOf(image: BuiltImage): Promise<ContainerConfig> {
  const { config } = await readManifest(image);
  const file = readFileSync(blobFile(image.layout, config!.digest), 'utf8');
  return (JSON.parse(file) as { config: ContainerConfig }).config;
}

/** As in a pod: `command` takes the place of the image's entrypoint, `args` that of its arguments. */
export interface ContainerOptions {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The file system cannot be written but for `/tmp`, as the chart has it. */
  readonly readOnly?: boolean;
  /** A folder of this machine to see as `/mnt`. */
  readonly shown?: string;
}

export interface Container {
  /** What it has written so far. */
  readonly output: () => string;
  /** Its exit code and all it has written to standard output. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Signals its first process, where it still runs. */
  readonly signal: (signal: NodeJS.Signals) => void;
}

/**
 * Runs a container of an image that is unpacked at `root`, as its user, in mount and process namespaces of its own; the network is this
 * machine's. It ends with this process.
 */
export function runContainer(root: string, config: ContainerConfig, options: ContainerOptions): Container {
  const { command, args, env = {}, readOnly = false, shown } = options;
  const argv = [
    ...(command ?? config.Entrypoint ?? []),
    ...(args ?? (command === undefined ? (config.Cmd ?? []) : [])),
  ];
  const [user, group] = config.User.split(':');
  const script = [
    'set -e',
    `mount --bind '${root}' '${root}'`,
    `mount -t proc proc '${root}/proc'`,
    `mount --rbind /dev '${root}/dev'`,
    `mount -t tmpfs -o mode=1777 tmpfs '${root}/tmp'`,
    ...(shown === undefined ? [] : [`mkdir -p '${root}/mnt'`, `mount --bind '${shown}' '${root}/mnt'`]),
    ...(readOnly ? [`mount -o remount,bind,ro '${root}'`] : []),
    `exec unshare --root='${root}' --wd='${config.WorkingDir}' --setgid=${group} --setuid=${user} "$@"`,
  ].join('\n');
  const variables = config.Env.map((each) => /^([^=]+)=(.*)$/s.exec(each)!.slice(1) as [string, string]);
  const apart = ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private', '--pid', '--fork'];
  const [program, ...words] = [...apart, '--kill-child', 'sh', '-c', script, 'sh', ...argv];
  const child = spawn(program!, words, {
    env: { ...Object.fromEntries(variables), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.on('data', (part: Buffer) => (written += part.toString()));
  const output = text(child.stdout);
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    output: () => written,
    ended: Promise.all([code, output]).then(([code, output]) => ({ code, output })),
    signal: (signal) => {
      if (child.exitCode === null && child.signalCode === null) process.kill(firstProcess(child), signal);
    },
  };
}

/** The process that is 1 in its namespace. */
function firstProcess({ pid = 0 }: ChildProcess): number {
  for (let at = pid; ;) {
    if (/^NSpid:.*\t1$/m.test(readFileSync(`/proc/${at}/status`, 'utf8'))) return at;
    const [child] = readFileSync(`/proc/${at}/task/${at}/children`, 'utf8').split(' ');
    if (child === undefined || child === '') throw new Error('the container has no process yet');
    at = Number(child);
  }
}
