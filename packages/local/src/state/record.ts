import type { Workspace } from '@kaito/api';
import type { Assessment, Evidence } from '@kaito/diagnosis';
import type { Plan } from '@kaito/planner';
import type { ProcessIdentity } from '../process/identity.ts';
import { readJson } from './atomic-file.ts';
import type { WorkspacePaths } from './directories.ts';

/** How the person wants the Workspace run, beyond what the Plan says. */
export interface RunSettings {
  /** Address to listen on. */
  readonly host: string;
  /** The port that was asked for; absent: 5000, or the next free one. 0: any. */
  readonly port?: number;
  readonly cacheDirectory: string;
  /** Absolute path of the file with the key that clients must send; absent: none. */
  readonly apiKeyFile?: string;
  /** Program and first arguments of the inference server; absent: the project's own. */
  readonly serverCommand?: readonly string[];
}

/** The server process that a supervisor started. */
export interface ServerRecord extends ProcessIdentity {
  readonly startedAt: string;
  /** Of the Plan that it serves. */
  readonly inputsHash: string;
  readonly endpoint?: string;
}

/** What the supervisor last wrote. */
export interface StatusRecord {
  readonly generation: number;
  readonly inputsHash: string;
  readonly updatedAt: string;
  readonly evidence: Evidence;
  readonly assessment: Assessment;
  /** Absent while the supervisor runs. `failed`: it gave up for a reason that a person must mend; `stopped`: it was told to stop. */
  readonly ended?: 'failed' | 'stopped';
}

/** What is wanted of a Workspace. */
export interface Wanted {
  readonly workspace: Workspace;
  readonly plan: Plan;
  readonly settings: RunSettings;
}

/** Reads what is wanted; undefined where the Workspace does not exist, or was never written whole. @throws LocalError `StateDamaged`. */
export async function readWanted(paths: WorkspacePaths): Promise<Wanted | undefined> {
  const [workspace, plan, settings] = await Promise.all([
    readJson<Workspace>(paths.workspace),
    readJson<Plan>(paths.plan),
    readJson<RunSettings>(paths.settings),
  ]);
  return workspace === undefined || plan === undefined || settings === undefined
    ? undefined
    : { workspace, plan, settings };
}
