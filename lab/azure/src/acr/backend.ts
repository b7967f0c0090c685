import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryContent } from '../registry/content.ts';
import type { RegistryProcess } from '../registry/process.ts';

/** The real registries behind the host names. */
export interface Backend {
  /** Where a host name's registry listens on this machine: `127.0.0.1:PORT`. Waits until the process runs. */
  address(host: string): Promise<string>;
  content(host: string): RegistryContent;
  /** Forgets everything that a host name's registry holds. */
  empty(host: string): Promise<void>;
  /** Hands over the process, once. */
  attach(process: Promise<RegistryProcess>): void;
}

/** @param directory the process's storage */
export function createBackend(directory: string): Backend {
  const running = Promise.withResolvers<RegistryProcess>();
  running.promise.catch(() => {});
  return {
    address: async (host) => await (await running.promise).open(host),
    content: (host) => new RegistryContent(join(directory, host)),
    empty: async (host) => await rm(join(directory, host, 'docker'), { recursive: true, force: true }),
    attach: (process) => running.resolve(process),
  };
}
