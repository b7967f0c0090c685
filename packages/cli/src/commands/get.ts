import { list, type LocalWorkspace } from '@kaito/local';
import { exitCode, type ExitCode } from '../failure.ts';
import { type Format, isData, list as asList, writeData } from '../output.ts';
import { type Session, thisMachine } from '../session.ts';
import { table } from '../terminal/table.ts';
import { workspaceColumns } from '../workspace/columns.ts';
import { matching, notFound } from '../workspace/lookup.ts';

interface Options {
  readonly namespace?: string;
  readonly output?: Format;
  readonly watch?: boolean;
  readonly headers: boolean;
}

const kinds = new Set(['workspace', 'workspaces', 'ws', 'workspaces.kaito.sh', 'workspace.kaito.sh']);
/** How often `--watch` looks, ms. */
const lookEvery = 1000;

/** `kaito get`: a table of the Workspaces on this machine, or the objects as data. */
export async function get(session: Session, words: readonly string[], options: Options): Promise<ExitCode> {
  const names = kinds.has(words[0] ?? '') ? words.slice(1) : words;
  if (options.watch === true) return watch(session, names, options);
  const found = await select(names, options);
  if (isData(options.output)) {
    const objects = found.map(({ workspace }) => workspace);
    await writeData(session.terminal, options.output, names.length === 1 ? objects[0] : asList(objects));
    return exitCode.done;
  }
  if (found.length === 0)
    session.terminal.err(`No Workspaces ${thisMachine}. Start one: kaito up PRESET, or kaito up -f FILE.\n`);
  else show(session, found, options);
  return exitCode.done;
}

async function select(names: readonly string[], { namespace }: Options): Promise<LocalWorkspace[]> {
  const all = (await list()).filter((entry) => namespace == null || entry.namespace === namespace);
  if (names.length === 0) return all;
  return names.flatMap((name) => {
    const found = matching(all, name);
    if (found.length === 0) throw notFound(name, namespace, all);
    return found;
  });
}

function show({ terminal, now }: Session, found: readonly LocalWorkspace[], { output, headers }: Options): void {
  if (output === 'name') {
    terminal.out(found.map(({ name }) => `workspace.kaito.sh/${name}\n`).join(''));
    return;
  }
  const text = table(found, workspaceColumns(found, { now: now(), wide: output === 'wide', style: terminal.outStyle }));
  terminal.out(headers ? text : text.slice(text.indexOf('\n') + 1));
}

/** Shows what there is, then each Workspace again whenever it changes (its age alone does not), until Ctrl-C. */
async function watch(session: Session, names: readonly string[], options: Options): Promise<ExitCode> {
  const { setTimeout: delay } = await import('node:timers/promises');
  const interrupt = session.interruptible();
  const shown = new Map<string, string>();
  let headers = options.headers;
  if (names.length > 0) await select(names, options);
  while (!interrupt.signal.aborted) {
    const found = (await select([], options)).filter(
      (entry) => names.length === 0 || names.some((name) => matching([entry], name).length > 0),
    );
    const changed = found.filter((entry) => {
      const key = `${entry.namespace}/${entry.name}`;
      const { state, conditions, endpoint, rootCause } = entry.assessment;
      const text = JSON.stringify([state, conditions, endpoint, rootCause?.code]);
      const differs = shown.get(key) !== text;
      shown.set(key, text);
      return differs;
    });
    if (isData(options.output)) {
      for (const { workspace } of changed) await writeData(session.terminal, options.output, workspace);
    } else if (changed.length > 0) {
      show(session, changed, { ...options, headers });
      headers = false;
    }
    await delay(lookEvery, undefined, { signal: interrupt.signal }).catch(() => {});
  }
  interrupt.release();
  return exitCode.interrupted;
}
