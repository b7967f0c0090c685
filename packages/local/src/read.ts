import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '@kaito/api';
import { type Assessment, type Evidence, assess } from '@kaito/diagnosis';
import type { Plan } from '@kaito/planner';
import { LocalError } from './local-error.ts';
import { type ProcessIdentity, isAlive } from './process/identity.ts';
import { hasCode, readJson } from './state/atomic-file.ts';
import { WorkspacePaths, stateDirectory } from './state/directories.ts';
import { lockHolder } from './state/lock.ts';
import { type RunSettings, type ServerRecord, type StatusRecord, readWanted } from './state/record.ts';

/** A Workspace on this machine, as it is now. */
export interface LocalWorkspace {
  readonly namespace: string;
  readonly name: string;
  /** As it was applied, with `metadata.generation` and, in `status`, the conditions and state of `assessment`. */
  readonly workspace: Workspace;
  readonly plan: Plan;
  readonly settings: RunSettings;
  /** What the supervisor last wrote; absent before it wrote anything. */
  readonly status?: StatusRecord;
  /** How it is now, seen with the processes that really run. */
  readonly assessment: Assessment;
  /** The processes that run now. A server without a supervisor serves on, but nothing would start it again: `up` mends that. */
  readonly processes: { readonly supervisor?: ProcessIdentity; readonly server?: ProcessIdentity };
  /** Where its files lie. */
  readonly directory: string;
}

export interface StateOptions {
  /** Root of the state; default `stateDirectory()`. */
  readonly state?: string;
}

export function noSuchWorkspace(namespace: string, name: string): LocalError {
  return new LocalError(
    'NotFound',
    `there is no Workspace "${name}" in namespace "${namespace}" on this machine`,
    'see what there is: kaito get; start one: kaito up -f <manifest>',
  );
}

/** One Workspace on this machine. @throws LocalError `NotFound`, `InvalidName`, `StateDamaged`. */
export async function read(namespace: string, name: string, options: StateOptions = {}): Promise<LocalWorkspace> {
  const found = await find(namespace, name, options);
  if (found === undefined) throw noSuchWorkspace(namespace, name);
  return found;
}

/** As `read`, but undefined where there is no such Workspace. */
export async function find(
  namespace: string,
  name: string,
  options: StateOptions = {},
): Promise<LocalWorkspace | undefined> {
  const paths = new WorkspacePaths(options.state ?? stateDirectory(), namespace, name);
  const wanted = await readWanted(paths);
  if (wanted === undefined) return undefined;
  const supervisor = await lockHolder(paths.supervisorLock);
  const status = await readJson<StatusRecord>(paths.status);
  const record = await readJson<ServerRecord>(paths.server);
  const deleting = await stat(paths.deleting).then(
    () => true,
    () => false,
  );
  const server = record !== undefined && isAlive(record) ? { pid: record.pid, start: record.start } : undefined;
  const current = status?.inputsHash === wanted.plan.inputsHash ? status : undefined;
  const evidence = asSeenNow(current, supervisor !== undefined, server, deleting);
  const assessment = assess(
    withStatus(wanted.workspace, current?.assessment),
    wanted.plan,
    evidence,
    new Date(),
    current?.assessment.conditions ?? [],
  );
  return {
    namespace,
    name,
    workspace: withStatus(wanted.workspace, assessment),
    plan: wanted.plan,
    settings: wanted.settings,
    ...(current !== undefined && { status: current }),
    assessment,
    processes: { ...(supervisor !== undefined && { supervisor }), ...(server !== undefined && { server }) },
    directory: paths.directory,
  };
}

/** The Workspace with a status that says what the assessment says. */
export function withStatus(workspace: Workspace, assessment: Assessment | undefined): Workspace {
  if (assessment === undefined) return workspace;
  return { ...workspace, status: { conditions: [...assessment.conditions], state: assessment.state } };
}

/** The supervisor's evidence, mended by what is known of the processes: the supervisor may have died since it wrote. */
function asSeenNow(
  status: StatusRecord | undefined,
  supervised: boolean,
  server: ProcessIdentity | undefined,
  deleting: boolean,
): Evidence {
  const evidence = status?.evidence ?? { phases: [] };
  const asked = deleting ? { deleting } : {};
  if (supervised) return { ...evidence, ...asked, supervisor: 'running' };
  if (evidence.process === undefined || evidence.process.pid === server?.pid) {
    return { ...evidence, ...asked, ...(status?.ended !== 'failed' && { supervisor: 'gone' as const }) };
  }
  const { pid: _pid, readiness: _readiness, endpoint: _endpoint, ...process } = evidence.process;
  return { ...evidence, ...asked, process, ...(status?.ended !== 'failed' && { supervisor: 'gone' as const }) };
}

/** All Workspaces on this machine, by namespace and name; one that is being made or removed this moment may be missing. */
export async function list(options: StateOptions = {}): Promise<LocalWorkspace[]> {
  const state = options.state ?? stateDirectory();
  const root = join(state, 'workspaces');
  const found: LocalWorkspace[] = [];
  for (const namespace of await names(root)) {
    for (const name of await names(join(root, namespace))) {
      const workspace = await find(namespace, name, { state });
      if (workspace !== undefined) found.push(workspace);
    }
  }
  return found;
}

async function names(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .toSorted();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
