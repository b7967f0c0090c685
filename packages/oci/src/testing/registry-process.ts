import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianProgram } from './debian.ts';

export interface RegistryProcessOptions {
  /** Where blobs are kept; default: a directory of its own, removed at the end. */
  readonly storage?: string;
  /** Port to listen on; default: a free one. */
  readonly port?: number;
  /** Lines of a password file (bcrypt) that logins are asked against. */
  readonly htpasswd?: string;
  /** The size of its disk, in bytes: a file system of its own in memory, in a namespace of its own. */
  readonly diskBytes?: number;
  /** Further variables, e.g. `REGISTRY_STORAGE_MAINTENANCE_READONLY`. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** CNCF's distribution as a process of its own on loopback. */
export interface RegistryProcess extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly storage: string;
  /** What it has logged so far. */
  readonly log: () => string;
  /** Ends it as a crash would, and waits until it is gone; what it stored stays until it is disposed of. */
  readonly kill: () => Promise<void>;
}

/** Starts a real registry and waits until it listens. */
export async function startRegistryProcess(options: RegistryProcessOptions = {}): Promise<RegistryProcess> {
  const program = await debianProgram('docker-registry');
  const directory = await mkdtemp(join(tmpdir(), 'registry-'));
  const storage = options.storage ?? join(directory, 'storage');
  const config = join(directory, 'config.json');
  const passwords = join(directory, 'htpasswd');
  if (options.htpasswd !== undefined) await writeFile(passwords, options.htpasswd);
  await writeFile(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage, maxthreads: 100 }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${options.port ?? 0}` },
      ...(options.htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: passwords } } }),
    }),
  );
  const serve = [program.path, 'serve', config];
  const mounted = `mkdir -p "$0" && mount -t tmpfs -o size=${options.diskBytes} tmpfs "$0" && exec "$@"`;
  const [command = '', ...args] =
    options.diskBytes === undefined
      ? serve
      : ['unshare', '--map-root-user', '--mount', 'sh', '-c', mounted, storage, ...serve];
  const child = spawn(command, args, {
    env: { ...program.environment, OTEL_TRACES_EXPORTER: 'none', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const port = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      log += chunk.toString();
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (found !== undefined) resolve(Number(found));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The registry ended with ${code}: ${log}`)));
  });
  const kill = () => end(child);
  return {
    host: `127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    storage,
    log: () => log,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
