import type { Assessment } from '@kaito/diagnosis';
import { changesIn } from './log/changes.ts';
import { type StateOptions, find, noSuchWorkspace } from './read.ts';
import { WorkspacePaths, stateDirectory } from './state/directories.ts';

export interface WatchOptions extends StateOptions {
  readonly signal?: AbortSignal;
}

/**
 * How a Workspace is: at once, and again whenever that changes (durations alone do not count as a change of the conditions, but as one
 * of the assessment). Notices within a second that a supervisor died. Ends when the Workspace is gone or the signal is aborted.
 * @throws LocalError `NotFound` when it was not there at the start.
 */
export async function* watchStatus(
  namespace: string,
  name: string,
  options: WatchOptions = {},
): AsyncGenerator<Assessment> {
  const state = options.state ?? stateDirectory();
  const { directory } = new WorkspacePaths(state, namespace, name);
  const signal = options.signal ?? new AbortController().signal;
  let last: string | undefined;
  for await (const _ of changesIn(directory, 1000, signal)) {
    const found = await find(namespace, name, { state });
    if (found === undefined) {
      if (last === undefined) throw noSuchWorkspace(namespace, name);
      return;
    }
    const text = JSON.stringify(found.assessment);
    if (text === last) continue;
    last = text;
    yield found.assessment;
  }
}
