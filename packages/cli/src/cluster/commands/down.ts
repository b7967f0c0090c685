import { type NodeClaim, parseWorkspaces, type Workspace } from '@kaito/api';
import { isForbidden, isNotFound, type Live } from '@kaito/kube';
import { exitCode, type ExitCode, Failure, usage } from '../../failure.ts';
import type { Format } from '../../output.ts';
import type { Session } from '../../session.ts';
import { confirm } from '../../terminal/confirm.ts';
import { type Progress, progressOn } from '../../terminal/progress.ts';
import { titleOf } from '../../workspace/lookup.ts';
import { readSources } from '../../workspace/manifest.ts';
import type { Cluster } from '../connect.ts';
import { lookUp, refOf, titleOfLive } from '../lookup.ts';
import { claimsOf, typeOf } from '../machines.ts';
import { workspaces } from '../resources.ts';
import { watchWorkspaces } from '../watch.ts';

export interface DownFlags {
  readonly all?: boolean;
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly quiet?: boolean;
  readonly output?: Format;
  readonly yes?: boolean;
}

/** `kaito down` on a cluster: says which machines go, deletes, and follows until nothing is left. `--all` asks first. */
export async function down(
  session: Session,
  cluster: Cluster,
  names: readonly string[],
  options: DownFlags,
): Promise<ExitCode> {
  const { terminal } = session;
  const wanted = await chosen(cluster, names, options);
  const progress = progressOn(terminal, { quiet: options.quiet === true, now: session.now });
  if (wanted.length === 0) progress.note(`There is nothing to delete ${cluster.where}.`);
  const work = await Promise.all(
    wanted.map(async (workspace) => ({ workspace, claims: await machinesOf(cluster, workspace) })),
  );
  if (options.all === true && options.yes !== true && work.length > 0) {
    for (const { workspace, claims } of work) progress.note(`  ${titleOfLive(workspace)}: ${claimsText(claims)}`);
    const remedy = `Agree with --yes: ${cluster.command('down --all', undefined, ' --yes')}.`;
    const question = `Delete ${work.length === 1 ? 'this Workspace' : `these ${work.length} Workspaces`} ${cluster.where}?`;
    if (!(await confirm(session, question, remedy))) {
      terminal.err('Nothing was changed.\n');
      return exitCode.interrupted;
    }
  }
  const interrupt = session.interruptible();
  try {
    for (const { workspace } of work) await remove(cluster, workspace);
    for (const { workspace, claims } of work) {
      const ref = refOf(workspace);
      if (claims == null || claims.length > 0) progress.note(`${titleOf(ref)} gives back ${claimsText(claims)}`);
      if (!(await gone(cluster, workspace, { progress, signal: interrupt.signal }))) {
        terminal.err(
          `\nThe deletion of ${titleOf(ref)} goes on ${cluster.where}.\n  Follow it again:  ${cluster.command('down', ref)}\n`,
        );
        return exitCode.interrupted;
      }
      if (options.output === 'name') terminal.out(`workspace.kaito.sh/${ref.name}\n`);
      else if (options.quiet !== true)
        terminal.out(`${titleOf(ref)} deleted ${cluster.where}${await released(cluster, workspace, claims)}\n`);
    }
    return exitCode.done;
  } finally {
    progress.end();
    interrupt.release();
  }
}

type Claims = readonly Live<NodeClaim>[] | undefined;

/** Undefined where the person may not see them. */
async function machinesOf(cluster: Cluster, workspace: Live<Workspace>): Promise<Claims> {
  try {
    return await claimsOf(cluster, refOf(workspace));
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

function claimsText(claims: Claims): string {
  if (claims == null) return 'machines that you have no right to see';
  if (claims.length === 0) return 'no machine, only the use of existing nodes';
  return claims
    .map(
      (claim) =>
        `${claim.metadata.name} (${[typeOf(claim), claim.status?.nodeName].filter((part) => part != null).join(', node ')})`,
    )
    .join(', ');
}

const machines = (count: number) => `${count} machine${count === 1 ? '' : 's'}`;

async function released(cluster: Cluster, workspace: Live<Workspace>, before: Claims): Promise<string> {
  if (before == null || before.length === 0) return '';
  const uids = new Set(before.map(({ metadata }) => metadata.uid));
  const left = (await machinesOf(cluster, workspace))?.filter(({ metadata }) => uids.has(metadata.uid)) ?? [];
  if (left.length === 0) return `, ${machines(before.length)} released`;
  const names = left.map(({ metadata }) => metadata.name).join(' ');
  return `; ${machines(left.length)} still being released: kubectl get nodeclaim ${names}`;
}

async function remove({ client }: Cluster, { metadata }: Live<Workspace>): Promise<void> {
  const { namespace = '', name = '', uid = '' } = metadata;
  await client.delete(workspaces, { namespace, name }, { preconditions: { uid } }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Waits until that Workspace is no more, telling what it waits for; false when the signal aborts first. */
async function gone(
  cluster: Cluster,
  { metadata }: Live<Workspace>,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<boolean> {
  const { namespace = '', name = '', uid } = metadata;
  progress.update(name, `${name}: being deleted`);
  const present = await cluster.client.get(workspaces, { namespace, name }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (present?.metadata.uid !== uid) return true;
  const end = await watchWorkspaces<true>(
    cluster,
    { namespace, fieldSelector: `metadata.name=${name}` },
    ({ type, object }) => {
      if (type === 'deleted' || object.metadata.uid !== uid) return true;
      const cause = object.status?.rootCause;
      progress.update(`${name} ${cause?.code ?? ''}`, `${name}: ${cause?.message ?? 'being deleted'}`);
      return undefined;
    },
    { signal, say: (line) => progress.note(line), none: () => true },
  );
  progress.end();
  return end === true;
}

async function chosen(
  cluster: Cluster,
  names: readonly string[],
  { all, filename, namespace }: DownFlags,
): Promise<readonly Live<Workspace>[]> {
  const ways = [names.length > 0, filename != null, all === true].filter(Boolean).length;
  if (ways > 1) throw usage('Names, -f and --all are given together.', 'Give one of them.');
  if (ways === 0) throw usage('No Workspace is named.', 'On a cluster name those to delete, or give -f FILE or --all.');
  if (all === true) return (await cluster.client.list(workspaces, { namespace: namespace ?? cluster.namespace })).items;
  if (filename == null) return Promise.all(names.map((name) => lookUp(cluster, name, namespace)));
  const found: Live<Workspace>[] = [];
  for (const { file, text } of await readSources(filename)) {
    const { workspaces: declared, findings } = parseWorkspaces(text, { file });
    if (declared.length === 0) throw new Failure(findings);
    for (const { metadata } of declared)
      found.push(await lookUp(cluster, metadata.name, metadata.namespace ?? namespace ?? cluster.namespace));
  }
  return found;
}
