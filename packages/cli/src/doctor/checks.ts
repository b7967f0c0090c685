import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, list, stateDirectory } from '@kaito/local';
import type { HostFacts } from '@kaito/planner';
import { bytes } from '../terminal/quantity.ts';
import { titleOf } from '../workspace/lookup.ts';
import type { Check } from './check.ts';
import { engineBuilds, loadProblem } from './engine.ts';

/** The least Node that runs the sources as they are. */
const leastNode = 24;
/** Free disk below which even a small model may not fit, bytes. */
const leastDisk = 2 * 1024 ** 3;
/** Free RAM below which even a small model may not fit, bytes. */
const leastMemory = 512 * 1024 ** 2;

const platforms = ['linux x64', 'linux arm64', 'darwin arm64'];

/** The platform and Node. */
export function runtimeChecks(): Check[] {
  const platform = `${process.platform} ${process.arch}`;
  const node = Number(process.versions.node.split('.')[0]);
  return [
    platforms.includes(platform)
      ? { name: 'platform', state: 'ok', found: platform }
      : { name: 'platform', state: 'failed', found: platform, remedy: `Use one of ${platforms.join(', ')}.` },
    node >= leastNode
      ? { name: 'node', state: 'ok', found: process.version }
      : {
          name: 'node',
          state: 'failed',
          found: process.version,
          remedy: 'Start it with ./kaito, which brings its own Node.',
        },
  ];
}

/** The inference engine's native builds: there, and loadable. */
export async function engineChecks(): Promise<Check[]> {
  const builds = engineBuilds();
  if (builds.length === 0) {
    const remedy = 'Install again: npm ci --include=optional.';
    return [{ name: 'engine', state: 'failed', found: 'no llama.cpp build for this platform is installed', remedy }];
  }
  return Promise.all(
    builds.map(async (build): Promise<Check> => {
      const problem = await loadProblem(build);
      const found = `llama.cpp ${build.name}, node-llama-cpp ${build.version}`;
      if (problem == null) return { name: 'engine', state: 'ok', found };
      const gpu = build.name.split('-').length > 2;
      const remedy = gpu
        ? 'Install the libraries it names; until then the CPU serves.'
        : 'Install the libraries it names.';
      return { name: 'engine', state: gpu ? 'warning' : 'failed', found: `${found}: ${problem}`, remedy };
    }),
  );
}

/** Cores, memory, GPUs and disk. */
export function hostChecks(facts: HostFacts): Check[] {
  const { cores, memoryBytes, availableMemoryBytes, freeDiskBytes, gpus } = facts;
  const memory = `${bytes(availableMemoryBytes)} free of ${bytes(memoryBytes)}`;
  const disk = `${bytes(freeDiskBytes)} free for weights in ${cacheDirectory()}`;
  return [
    { name: 'cores', state: 'ok', found: String(cores) },
    availableMemoryBytes >= leastMemory
      ? { name: 'memory', state: 'ok', found: memory }
      : { name: 'memory', state: 'warning', found: memory, remedy: 'End other programs, or use a smaller model.' },
    gpus.length === 0
      ? { name: 'gpus', state: 'ok', found: 'none found; the CPU serves' }
      : {
          name: 'gpus',
          state: 'ok',
          found: gpus.map((gpu) => `${gpu.model} with ${bytes(gpu.memoryBytes)}`).join(', '),
        },
    freeDiskBytes >= leastDisk
      ? { name: 'disk', state: 'ok', found: disk }
      : { name: 'disk', state: 'warning', found: disk, remedy: 'Free some, or set KAITO_CACHE to a larger disk.' },
  ];
}

/** Python's pip, which some models' weights come through. */
export async function pipCheck(): Promise<Check> {
  const python = await firstLine('python3', ['-m', 'pip', '--version']);
  return python == null
    ? {
        name: 'pip',
        state: 'warning',
        found: 'python3 -m pip does not run',
        remedy: 'Install Python 3 with pip, for models whose weights come in pip packages.',
      }
    : { name: 'pip', state: 'ok', found: python.replace(/ from .*(?=\()/, ' ') };
}

/** State and cache directories: writable. */
export function directoryChecks(): Promise<Check[]> {
  const directories = [
    { name: 'state', path: stateDirectory(), variable: 'KAITO_STATE' },
    { name: 'cache', path: cacheDirectory(), variable: 'KAITO_CACHE' },
  ];
  return Promise.all(
    directories.map(async ({ name, path, variable }): Promise<Check> => {
      const probe = join(path, `.doctor-${randomBytes(6).toString('hex')}`);
      try {
        await mkdir(path, { recursive: true, mode: 0o700 });
        await writeFile(probe, '');
        await rm(probe);
        return { name, state: 'ok', found: `${path} is writable` };
      } catch (error) {
        const { code = String(error) } = error as NodeJS.ErrnoException;
        return {
          name,
          state: 'failed',
          found: `${path} cannot be written: ${code}`,
          remedy: `Mend its rights, or set ${variable} to another directory.`,
        };
      }
    }),
  );
}

/** Workspaces whose processes are not as they should be. */
export async function workspaceChecks(): Promise<Check[]> {
  const all = await list().catch((error: Error) => error);
  if (all instanceof Error) {
    return [{ name: 'workspaces', state: 'failed', found: all.message, remedy: `Look into ${stateDirectory()}.` }];
  }
  const stale = all.filter(({ processes, status }) => processes.supervisor == null && status?.ended == null);
  if (stale.length === 0) return [{ name: 'workspaces', state: 'ok', found: `${all.length}, none stale` }];
  return stale.map((entry) => ({
    name: 'workspaces',
    state: 'warning',
    found: `${titleOf(entry)} has ${entry.processes.server == null ? 'no processes' : 'a server that nothing looks after'}`,
    remedy: `Start it anew with kaito up, or remove it: kaito down ${titleOf(entry)}.`,
  }));
}

/** Whether the hub and pip's index answer. */
export async function networkChecks(hub: string, pipPackage: string): Promise<Check[]> {
  const [answer, versions] = await Promise.all([
    fetch(hub, { method: 'HEAD', signal: AbortSignal.timeout(5000) }).then(
      ({ status }) => ({ answered: true, found: `${hub} answers ${status}` }),
      (error: Error) => ({ answered: false, found: `${hub} doesn't answer: ${reason(error)}` }),
    ),
    firstLine('python3', ['-m', 'pip', '--retries', '0', '--timeout', '5', 'index', 'versions', pipPackage]).then(
      (line) => line != null,
    ),
  ]);
  const remedy = 'Check the network and HTTPS_PROXY; models from there cannot be fetched until then.';
  return [
    answer.answered
      ? { name: 'hub', state: 'ok', found: answer.found }
      : { name: 'hub', state: 'warning', found: answer.found, remedy: `${remedy} HF_ENDPOINT names another hub.` },
    versions
      ? { name: 'pip index', state: 'ok', found: `offers ${pipPackage}` }
      : {
          name: 'pip index',
          state: 'warning',
          found: `doesn't offer ${pipPackage}`,
          remedy: "Check the network and 'pip config list'.",
        },
  ];
}

const reason = (error: Error) =>
  error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;

/** First line of what a program prints; undefined when it fails. */
function firstLine(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 30_000 }, (error, stdout) =>
      resolve(error == null ? (stdout.split('\n')[0] ?? '') : undefined),
    );
  });
}
