import { down as stopLocal, list, type LocalWorkspace } from '@kaito/local';
import { parseWorkspaces } from '@kaito/api';
import { exitCode, type ExitCode, Failure, usage } from '../failure.ts';
import type { Format } from '../output.ts';
import { type Session, thisMachine } from '../session.ts';
import { progressOn } from '../terminal/progress.ts';
import { lookUp, matching, notFound, titleOf } from '../workspace/lookup.ts';
import { readSources } from '../workspace/manifest.ts';

interface Options {
  readonly all?: boolean;
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly quiet?: boolean;
  readonly output?: Format;
}

/** `kaito down`: stops the named Workspaces and waits until nothing of them is left. */
export async function down(session: Session, names: readonly string[], options: Options): Promise<ExitCode> {
  const { terminal } = session;
  const wanted = await chosen(names, options);
  const progress = progressOn(terminal, { quiet: options.quiet === true, now: session.now });
  if (wanted.length === 0) progress.note(`Nothing runs ${thisMachine}.`);
  const interrupt = session.interruptible();
  try {
    for (const workspace of wanted) {
      progress.update(workspace.name, `stopping ${titleOf(workspace)} …`);
      await stopLocal(workspace.namespace, workspace.name, { signal: interrupt.signal });
      progress.end();
      if (options.output === 'name') terminal.out(`workspace.kaito.sh/${workspace.name}\n`);
      else if (options.quiet !== true) terminal.out(`${titleOf(workspace)} stopped ${thisMachine}\n`);
    }
    return exitCode.done;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    terminal.err("\nInterrupted; the next 'kaito down' goes on where this one left.\n");
    return exitCode.interrupted;
  } finally {
    progress.end();
    interrupt.release();
  }
}

async function chosen(names: readonly string[], options: Options): Promise<LocalWorkspace[]> {
  const { filename, namespace } = options;
  const ways = [names.length > 0, filename != null, options.all === true].filter(Boolean).length;
  if (ways > 1) throw usage('Names, -f and --all are given together.', 'Give one of them.');
  if (ways === 0) return [await lookUp(undefined, namespace)];
  const all = (await list()).filter((entry) => namespace == null || entry.namespace === namespace);
  if (options.all === true) return all;
  if (filename == null) {
    return Promise.all(
      names.map(async (name) => {
        if (matching(all, name).length === 0) throw notFound(name, namespace, all);
        return lookUp(name, namespace);
      }),
    );
  }
  const found: LocalWorkspace[] = [];
  for (const { file, text } of await readSources(filename)) {
    const { workspaces, findings } = parseWorkspaces(text, { file });
    if (workspaces.length === 0) throw new Failure(findings);
    for (const { metadata } of workspaces) {
      const space = metadata.namespace ?? namespace ?? 'default';
      const match = all.find((entry) => entry.name === metadata.name && entry.namespace === space);
      if (match == null) throw notFound(metadata.name ?? '', space === 'default' ? undefined : space, all);
      found.push(match);
    }
  }
  return found;
}
