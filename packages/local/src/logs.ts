import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { changesIn } from './log/changes.ts';
import { LineReader, offsetOfLastLines } from './log/tail.ts';
import { noSuchWorkspace } from './read.ts';
import { WorkspacePaths, stateDirectory } from './state/directories.ts';

export interface LogsOptions {
  readonly state?: string;
  /** `server` (default): what the inference server says; `supervisor`: what the process that looks after it says. */
  readonly source?: 'server' | 'supervisor';
  /** Begin with the last lines only; absent: all that is kept. */
  readonly tail?: number;
  /** Go on as lines come, until the signal is aborted or the Workspace is gone. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** The log of a local Workspace, line by line. @throws LocalError `NotFound`, `InvalidName`. */
export async function* logs(namespace: string, name: string, options: LogsOptions = {}): AsyncGenerator<string> {
  const paths = new WorkspacePaths(options.state ?? stateDirectory(), namespace, name);
  if (!(await exists(paths.directory))) throw noSuchWorkspace(namespace, name);
  const file = options.source === 'supervisor' ? paths.supervisorLog : paths.serverLog;
  const reader = new LineReader(file, options.tail === undefined ? 0 : await offsetOfLastLines(file, options.tail));
  yield* await reader.read();
  if (options.follow !== true) return;
  const signal = options.signal ?? new AbortController().signal;
  for await (const _ of changesIn(dirname(file), 1000, signal)) {
    yield* await reader.read();
    if (!(await exists(paths.directory))) return;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
