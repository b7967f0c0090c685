import { crds, type Workspace } from '@kaito/api';
import type { Live } from '@kaito/kube';
import { exitCode, type ExitCode } from '../../failure.ts';
import { type Format, isData, list as asList, writeData } from '../../output.ts';
import type { Session } from '../../session.ts';
import { table } from '../../terminal/table.ts';
import type { Cluster } from '../connect.ts';
import { lookUp } from '../lookup.ts';
import { columnsOf } from '../columns.ts';
import { workspaces } from '../resources.ts';
import { watchWorkspaces } from '../watch.ts';

export interface GetFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output?: Format;
  readonly watch?: boolean;
  readonly headers: boolean;
}

const kinds = new Set(['workspace', 'workspaces', 'ws', 'workspaces.kaito.sh', 'workspace.kaito.sh']);

/** `kaito get` on a cluster: a table of Workspaces with kubectl's columns, or the objects as data. */
export async function get(
  session: Session,
  cluster: Cluster,
  words: readonly string[],
  options: GetFlags,
): Promise<ExitCode> {
  const { terminal } = session;
  const names = kinds.has(words[0] ?? '') ? words.slice(1) : words;
  const namespace = options.allNamespaces === true ? undefined : (options.namespace ?? cluster.namespace);
  const found =
    names.length > 0
      ? await Promise.all(names.map((name) => lookUp(cluster, name, options.namespace)))
      : (await cluster.client.list(workspaces, namespace == null ? {} : { namespace })).items;
  if (options.watch === true) return watch(session, cluster, { names, namespace, options });
  if (isData(options.output)) {
    await writeData(terminal, options.output, names.length === 1 ? found[0] : asList(found));
  } else if (found.length === 0) {
    const place = namespace == null ? '' : ` in namespace ${namespace}`;
    const elsewhere = namespace == null ? '' : ` Others: ${cluster.command('get', undefined, ' -A')}`;
    terminal.err(`No Workspaces${place} ${cluster.where}.${elsewhere}\n`);
  } else show(session, found, options);
  return exitCode.done;
}

function show(
  { terminal, now }: Session,
  found: readonly Live<Workspace>[],
  { output, headers, allNamespaces }: GetFlags,
): void {
  if (output === 'name') {
    terminal.out(found.map(({ metadata }) => `workspace.kaito.sh/${metadata.name}\n`).join(''));
    return;
  }
  const columns = columnsOf(crds(), {
    now: now(),
    wide: output === 'wide',
    namespaces: allNamespaces === true,
    style: terminal.outStyle,
  });
  const text = table(found, columns);
  terminal.out(headers ? text : text.slice(text.indexOf('\n') + 1));
}

/** Shows what there is, then each Workspace again whenever its columns change, until Ctrl-C. */
async function watch(
  session: Session,
  cluster: Cluster,
  what: { readonly names: readonly string[]; readonly namespace: string | undefined; readonly options: GetFlags },
): Promise<ExitCode> {
  const { terminal } = session;
  const { names, namespace, options } = what;
  const interrupt = session.interruptible();
  const wanted = new Set(names.map((name) => name.slice(name.indexOf('/') + 1)));
  const shown = new Map<string, string>();
  let { headers } = options;
  let writing = Promise.resolve();
  try {
    await watchWorkspaces<never>(
      cluster,
      namespace == null ? {} : { namespace },
      (change) => {
        const { object } = change;
        const { uid = '', name = '', generation } = object.metadata;
        if (wanted.size > 0 && !wanted.has(name)) return undefined;
        if (change.type === 'deleted') {
          if (!isData(options.output)) terminal.err(`${name} is gone\n`);
          return undefined;
        }
        const { state, conditions, endpoint, rootCause } = object.status ?? {};
        const text = JSON.stringify([generation, state, conditions, endpoint, rootCause?.code]);
        if (shown.get(uid) === text) return undefined;
        shown.set(uid, text);
        if (isData(options.output)) {
          const { output } = options;
          writing = writing.then(() => writeData(terminal, output, object));
        } else {
          show(session, [object], { ...options, headers });
          headers = false;
        }
        return undefined;
      },
      { signal: interrupt.signal, say: (line) => terminal.err(`${line}\n`) },
    );
    await writing;
  } finally {
    interrupt.release();
  }
  return exitCode.interrupted;
}
