import { createWriteStream } from 'node:fs';
import { systemClock } from '@kaito/kube';
import { LabError } from '@kaito/lab-kubernetes';
import type { LayoutImage } from '../registry/layout.ts';
import type { RunningAzure } from '../running-azure.ts';
import { type AzureOptions, startAzure } from '../setup.ts';
import { type KubernetesChoice, driverOf } from './kubernetes.ts';
import type { JsonObject } from '../store/store.ts';
import { lineLogger } from './line-logger.ts';
import { prepareNamespaces } from './namespaces.ts';

/** What the command line says about an emulator. */
export interface ServeOptions {
  readonly names: 'public' | 'local';
  readonly port?: number;
  readonly operationMs?: number;
  readonly rateLimits?: boolean;
  readonly kubernetes: KubernetesChoice;
  /** Machines of clusters are real nodes; needs public names and control planes of their own. */
  readonly realNodes?: boolean;
  /** File that is told what it does; default: the error stream. */
  readonly log?: string;
  /** Values of KAITO's chart as the AI toolchain operator. */
  readonly addonValues?: JsonObject;
  /** Images that public registries have. */
  readonly images?: readonly LayoutImage[];
  /** Control planes of clusters end with this process; default: they outlive it, and are found again. */
  readonly owned?: boolean;
}

/** Starts an emulator in this process; with public names this process is in namespaces of its own. @throws LabError where it cannot */
export async function serve(
  directory: string,
  { kubernetes, owned = false, realNodes = false, log, ...options }: ServeOptions,
): Promise<RunningAzure> {
  if (realNodes && (options.names !== 'public' || kubernetes !== 'lab'))
    throw new LabError(
      "machines that are real nodes find the cloud by Azure's own host names, in clusters of their own",
      'add --names public --kubernetes lab',
    );
  const clock = systemClock;
  const logger = lineLogger(log === undefined ? process.stderr : createWriteStream(log));
  const given: AzureOptions = {
    directory,
    clock,
    logger,
    driver: driverOf(kubernetes, directory, { owned, realNodes, clock, logger }),
    ...options,
    ...(options.names === 'public' && { hostsFile: prepareNamespaces(directory) }),
  };
  try {
    return await startAzure(given);
  } catch (error) {
    const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new LabError(
      `port ${port ?? ''} cannot be listened on (${code})`,
      'end what listens there, or choose another: --port',
      { cause: error },
    );
  }
}
