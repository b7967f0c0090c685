import { spawn } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Workspace } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import { down, stopProcesses } from './down.ts';
import { LocalError } from './local-error.ts';
import { rotateLog } from './log/rotate.ts';
import { waitGone } from './process/identity.ts';
import { makeDirectory, readJson, writeJson } from './state/atomic-file.ts';
import { WorkspacePaths, cacheDirectory, stateDirectory } from './state/directories.ts';
import { lock, lockHolder } from './state/lock.ts';
import { type RunSettings, type StatusRecord, readWanted } from './state/record.ts';

export interface UpOptions {
  readonly state?: string;
  /** Where weights are kept; default `cacheDirectory()`. */
  readonly cacheDirectory?: string;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** The port, which must be free; absent: 5000 or the next free one; 0: any. */
  readonly port?: number;
  /** File with the key that clients must send. */
  readonly apiKeyFile?: string;
  /** Program and first arguments of the inference server; default: the project's own. */
  readonly serverCommand?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface UpResult {
  readonly namespace: string;
  readonly name: string;
  /** `unchanged`: it ran already, exactly so. `started`: it did not run. `replaced`: something else ran under this name. */
  readonly action: 'started' | 'unchanged' | 'replaced';
}

/**
 * Makes the Workspace run on this machine as the Plan says, and returns as soon as its supervisor has taken over; follow it with
 * `watchStatus`. The same again changes nothing; other inputs replace what runs. Of two at once, one acts and the other waits and finds
 * it done.
 * @throws LocalError `PlanRefused`, `PlanNotLocal`, `InvalidName`, `StateNotWritable`, `SupervisorFailed`.
 */
export async function up(workspace: Workspace, plan: Plan, options: UpOptions = {}): Promise<UpResult> {
  if (plan.target !== 'local') {
    throw new LocalError(
      'PlanNotLocal',
      'the Plan is for a cluster',
      'plan for this machine: kaito up without --context',
    );
  }
  if (!plan.admitted) {
    const first = plan.findings.find((finding) => finding.severity === 'error');
    throw new LocalError(
      'PlanRefused',
      first?.message ?? 'the Plan was refused',
      first?.remedy ?? 'see why: kaito plan -f <manifest>',
    );
  }
  const { namespace, name } = plan.workspace;
  const state = options.state ?? stateDirectory();
  const paths = new WorkspacePaths(state, namespace, name);
  const settings: RunSettings = {
    host: options.host ?? '127.0.0.1',
    ...(options.port !== undefined && { port: options.port }),
    cacheDirectory: options.cacheDirectory ?? cacheDirectory(),
    ...(options.apiKeyFile !== undefined && { apiKeyFile: resolve(options.apiKeyFile) }),
    ...(options.serverCommand !== undefined && { serverCommand: options.serverCommand }),
  };
  if (await isMarked(paths.deleting))
    await down(namespace, name, { state, ...(options.signal && { signal: options.signal }) });
  const held = await lock(paths.operationLock, options.signal);
  try {
    const before = await readWanted(paths).catch(() => undefined);
    const supervisor = await lockHolder(paths.supervisorLock);
    const ended = (await readJson<StatusRecord>(paths.status).catch(() => undefined))?.ended !== undefined;
    if (supervisor !== undefined && ended) await waitGone(supervisor, 10_000, options.signal);
    const running = supervisor !== undefined && !ended;
    const same = before?.plan.inputsHash === plan.inputsHash && isDeepStrictEqual(before.settings, settings);
    if (running && same) return { namespace, name, action: 'unchanged' };
    await makeDirectory(paths.directory);
    if (!same) {
      await stopProcesses(paths, options.signal);
      const generation = (before?.workspace.metadata.generation ?? 0) + 1;
      await writeJson(paths.workspace, asApplied(workspace, namespace, generation, before?.workspace));
      await writeJson(paths.settings, settings);
      await writeJson(paths.plan, plan);
    }
    await startSupervisor(state, paths);
    return { namespace, name, action: running ? 'replaced' : 'started' };
  } finally {
    await held.release();
  }
}

function asApplied(
  workspace: Workspace,
  namespace: string,
  generation: number,
  before: Workspace | undefined,
): Workspace {
  const { status: _status, ...rest } = workspace;
  const creationTimestamp = before?.metadata.creationTimestamp ?? new Date().toISOString().replace(/\.\d{3}Z$/, 'Z');
  return { ...rest, metadata: { ...workspace.metadata, namespace, generation, creationTimestamp } };
}

async function isMarked(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Starts the supervisor in a session of its own and waits until it has written its first status. */
async function startSupervisor(state: string, paths: WorkspacePaths): Promise<void> {
  await rotateLog(paths.supervisorLog);
  const log = await open(paths.supervisorLog, 'a', 0o600);
  const before = (await readJson<StatusRecord>(paths.status).catch(() => undefined))?.updatedAt;
  try {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const flags = ['supervise', '--state', state, '--namespace', paths.namespace, '--name', paths.name];
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...flags], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    let ended: string | undefined;
    child.once('error', (error) => (ended = error.message));
    child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`));
    child.unref();
    for (;;) {
      const written = (await readJson<StatusRecord>(paths.status).catch(() => undefined))?.updatedAt;
      if (written !== undefined && written !== before) return;
      if (ended !== undefined) {
        const lines = (await readFile(paths.supervisorLog, 'utf8').catch(() => '')).trim().split('\n');
        throw new LocalError(
          'SupervisorFailed',
          `the supervisor did not start (${ended}): ${lines.at(-1) ?? ''}`,
          `read its log: ${paths.supervisorLog}`,
        );
      }
      await delay(20);
    }
  } finally {
    await log.close();
  }
}
