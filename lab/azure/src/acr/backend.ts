import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryContent } from '../registry/content.ts';
import type { RegistryProcess } from '../registry/process.ts';

/** The real registries behind the host names. Their process starts when one is first asked. */
export interface Backend {
  /** Where a host name's registry listens on this machine: `127.0.0.1:PORT`. */
  address(host: string): Promise<string>;
  content(host: string): RegistryContent;
  /** Forgets everything that a host name's registry holds. */
  empty(host: string): Promise<void>;
  /** Allows the process to run until the signal. */
  allow(signal: AbortSignal): void;
  /** Resolves when the process is gone, or was never started. */
  ended(): Promise<void>;
}

/**
 * @param directory the process's storage
 * @param start the process
 * @param prepare a registry, before it is first used
 */
export function createBackend(
  directory: string,
  start: (signal: AbortSignal) => Promise<RegistryProcess>,
  prepare: (host: string, address: string) => Promise<void>,
): Backend {
  const allowed = Promise.withResolvers<AbortSignal>();
  const prepared = new Map<string, Promise<string>>();
  let process: Promise<RegistryProcess> | undefined;

  // What ended or failed is begun anew at the next need.
  const forget = (): void => {
    process = undefined;
    prepared.clear();
  };

  async function begin(): Promise<RegistryProcess> {
    try {
      const begun = await start(await allowed.promise);
      begun.ended.catch(forget);
      return begun;
    } catch (error) {
      forget();
      throw error;
    }
  }

  async function open(host: string): Promise<string> {
    process ??= begin();
    const address = await (await process).open(host);
    await prepare(host, address);
    return address;
  }

  return {
    address(host) {
      const known = prepared.get(host);
      if (known !== undefined) return known;
      const opening = open(host);
      prepared.set(host, opening);
      opening.catch(() => prepared.delete(host));
      return opening;
    },
    content: (host) => new RegistryContent(join(directory, host)),
    empty: async (host) => await rm(join(directory, host, 'docker'), { recursive: true, force: true }),
    allow: (signal) => allowed.resolve(signal),
    async ended() {
      const begun = await process?.catch(() => undefined);
      await begun?.ended.catch(() => {});
    },
  };
}
