import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from '../../../lab/kubernetes/src/run.ts';
import { blobFile, type BuiltImage, readManifest } from '../layout.ts';

/** Unpacks the layers of an image. */
export async function unpack(image: BuiltImage, folder: string): Promise<void> {
  await mkdir(folder);
  for (const { digest } of (await readManifest(image)).layers) {
    await run('tar', ['-xzf', blobFile(image.layout, digest), '-C', folder]);
  }
}

/**
 * Starts a program of an unpacked image as its user, as the chart's pods have it: the file system cannot be written but for `/tmp`. `shown` is a folder of this machine to see
 * as `/mnt`. Network is this machine's. It ends with this process.
 */
export function start(folder: string, command: readonly string[], shown?: string): ChildProcess {
  const script = [
    'set -e',
    `mount --bind '${folder}' '${folder}'`,
    `mount -t proc proc '${folder}/proc'`,
    `mount --rbind /dev '${folder}/dev'`,
    `mount -t tmpfs -o mode=1777 tmpfs '${folder}/tmp'`,
    ...(shown === undefined ? [] : [`mount --bind '${shown}' '${folder}/mnt'`]),
    `mount -o remount,bind,ro '${folder}'`,
    `exec unshare --root='${folder}' --wd=/home/kaito --setgid=65532 --setuid=65532 "$@"`,
  ].join('\n');
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  return spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...namespaces, 'sh', '-c', script, 'sh', ...command], {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/home/kaito' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a program of an unpacked image to its end, as `start` does. */
export async function output(folder: string, ...command: readonly string[]): Promise<string> {
  const child = start(folder, command);
  const [out, error, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}: ${error}`);
  return out;
}

/** Where files may be shown to a program of an unpacked image. */
export async function makeShown(folder: string): Promise<void> {
  await mkdir(join(folder, 'mnt'), { recursive: true });
}
