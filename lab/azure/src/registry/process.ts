import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A process with any number of registries in it. */
export interface RegistryProcess {
  readonly pid: number;
  /** Starts a name's registry, or finds it: `127.0.0.1:PORT`, plain http, without authentication. Its storage is the folder of that name. */
  open(name: string): Promise<string>;
  /** Resolves when the process is gone; rejects if nobody asked it to go. */
  readonly ended: Promise<void>;
}

/**
 * Starts the program with its storage in `directory`. It ends with the signal, and by itself when this process is gone, however that ended: the
 * kernel then closes its standard input.
 */
export async function startRegistry(program: string, directory: string, signal: AbortSignal): Promise<RegistryProcess> {
  mkdirSync(directory, { recursive: true });
  const log = openSync(join(directory, 'registry.log'), 'a');
  const child = spawn(program, [directory], { stdio: ['pipe', 'pipe', log] });
  closeSync(log);
  const stdin = child.stdin!;
  await once(child, 'spawn');
  const waiting = new Map<string, (address: string) => void>();
  const addresses = new Map<string, Promise<string>>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const [name = '', address = ''] = line.split(' ');
    waiting.get(name)?.(address);
    waiting.delete(name);
  });
  const unasked = (): Error => new Error(`the registry ended unasked; see ${join(directory, 'registry.log')}`);
  const gone = once(child, 'exit');
  const stop = (): boolean => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  stdin.on('error', () => {});
  const watch = async (): Promise<void> => {
    await gone;
    signal.removeEventListener('abort', stop);
    if (!signal.aborted) throw unasked();
  };
  const ended = watch();
  ended.catch(() => {});
  return {
    pid: child.pid as number,
    ended,
    open(name) {
      const known = addresses.get(name);
      if (known !== undefined) return known;
      const asked = new Promise<string>((resolve) => waiting.set(name, resolve));
      const address = Promise.race([
        asked,
        gone.then((): never => {
          throw unasked();
        }),
      ]);
      addresses.set(name, address);
      stdin.write(`${name}\n`);
      return address;
    },
  };
}
