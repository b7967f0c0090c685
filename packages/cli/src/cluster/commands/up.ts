import type { Workspace } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import type { UpFlags } from '../../commands/up.ts';
import { blocks, exitCode, type ExitCode, Failure, failure } from '../../failure.ts';
import { isData, list, writeData } from '../../output.ts';
import { catalogWith, planOf, planOptions } from '../../plan/planning.ts';
import type { Session } from '../../session.ts';
import { confirm } from '../../terminal/confirm.ts';
import { type Progress, progressOn } from '../../terminal/progress.ts';
import { elapsed, price } from '../../terminal/quantity.ts';
import { titleOf } from '../../workspace/lookup.ts';
import { readManifests } from '../../workspace/manifest.ts';
import { refuseFlags } from '../../workspace/target.ts';
import { applied, type Change, store, tryOut } from '../apply.ts';
import type { Cluster } from '../connect.ts';
import { causeText, follow } from '../follow.ts';
import { refOf } from '../lookup.ts';
import { factsOfCluster } from '../nodes.ts';
import { workspaces } from '../resources.ts';
import { isReady } from '../standing.ts';

export interface ClusterUpFlags extends UpFlags {
  readonly yes?: boolean;
}

interface Work {
  readonly object: Live<Workspace>;
  readonly plan: Plan;
  readonly change: Change;
}

const onlyHere = [
  '--port',
  '--host',
  '--api-key-file',
  '--quantised',
  '--quantisation',
  '--context-length',
  '--parallel',
];

/** `kaito up` on a cluster: plans, has the API server try it out, asks, applies, and follows each Workspace until it is ready. */
export async function up(
  session: Session,
  cluster: Cluster,
  preset: string | undefined,
  flags: ClusterUpFlags,
): Promise<ExitCode> {
  refuseFlags(flags, onlyHere, `${cluster.where}: the Workspace says it, or the operator decides`);
  const { terminal } = session;
  const catalog = await catalogWith(flags.catalog, terminal);
  const manifests = await readManifests(catalog, { preset, files: flags.filename, namespace: flags.namespace });
  const objects = manifests.map(({ workspace }) => applied(workspace, cluster, flags.overrideEstimate === true));
  const facts = await factsOfCluster(cluster, session.now());
  const plans = manifests.map((manifest, index) =>
    planOf({ ...manifest, workspace: objects[index]! }, catalog, facts, planOptions('cluster', flags)),
  );
  const refused = plans.filter(({ admitted }) => !admitted);
  if (refused.length > 0) throw new Failure(refused.flatMap(({ findings }) => findings));
  const force = flags.forceConflicts === true;
  const work: Work[] = [];
  for (const [index, object] of objects.entries())
    work.push({ object, plan: plans[index]!, change: await tryOut(cluster, object, force) });

  const progress = progressOn(terminal, { quiet: flags.quiet === true || isData(flags.output), now: session.now });
  for (const each of work) progress.note(summary(each, cluster, terminal.errStyle));
  if (flags.dryRun === true) return dryRun(session, cluster, work, flags);
  const wanted = work.filter(({ change }) => change !== 'unchanged').reduce((sum, { plan }) => sum + rented(plan), 0);
  if (wanted > 0 && flags.yes !== true) {
    const remedy = `Agree with --yes: ${cluster.command('up -f FILE', undefined, ' --yes')}.`;
    const agreed = await confirm(session, `Rent ${machines(wanted)} ${cluster.where}?`, remedy);
    if (!agreed) {
      terminal.err('Nothing was changed.\n');
      return exitCode.interrupted;
    }
  }
  for (const { object, change } of work) {
    if (change !== 'unchanged') await store(cluster, object, { force });
    if (flags.output === 'name') terminal.out(`workspace.kaito.sh/${object.metadata.name}\n`);
    else progress.note(`${terminal.errStyle.bold(titleOf(refOf(object)))} ${change} ${cluster.where}`);
  }
  if (!flags.wait) {
    progress.note(`See how it goes: ${cluster.command('get', undefined, ' -w')}`);
    return exitCode.done;
  }
  const done: Live<Workspace>[] = [];
  for (const each of work) {
    const ready = await bring(session, cluster, each, { flags, progress });
    if (ready == null) return exitCode.interrupted;
    done.push(ready);
  }
  if (isData(flags.output)) await writeData(terminal, flags.output, done.length === 1 ? done[0] : list(done));
  return exitCode.done;
}

const machines = (count: number) => `${count} machine${count === 1 ? '' : 's'}`;
const rented = ({ placement }: Plan) => placement?.machinesWanted ?? 0;

/** What would be, in a few lines: model, machines, price, duration; then what is notable. */
function summary({ object, plan, change }: Work, { where }: Cluster, style: Session['terminal']['errStyle']): string {
  const { model, runtime, shape, placement, pricePerHour, phases, findings } = plan;
  const count = rented(plan);
  const seconds = phases.reduce((sum, phase) => sum + (phase.seconds ?? 0), 0);
  const what = model?.title ?? runtime?.image ?? 'its pod template';
  const on =
    count === 0
      ? 'existing nodes, nothing is rented'
      : `${count} × ${placement?.instanceType}, ${price(pricePerHour)}${pricePerHour == null ? ' price' : ''}`;
  const lines = [
    `${style.bold(titleOf(refOf(object)))} ${change === 'unchanged' ? 'is applied already' : `would be ${change}`} ${where}`,
    `  model     ${what}${shape == null || shape.contextLength === 0 ? '' : `, ${shape.contextLength} tokens per request`}`,
    `  machines  ${on}`,
    ...(change === 'created' && seconds > 0 ? [`  ready     in about ${elapsed(seconds)}`] : []),
  ];
  const notable = findings.filter(({ severity }) => severity === 'warning');
  return [...lines, ...(notable.length === 0 ? [] : [blocks(notable, style).trimEnd()])].join('\n');
}

async function dryRun(
  { terminal }: Session,
  { where }: Cluster,
  work: readonly Work[],
  { output }: UpFlags,
): Promise<ExitCode> {
  const objects = work.map(({ object }) => object);
  if (isData(output)) await writeData(terminal, output, objects.length === 1 ? objects[0] : list(objects));
  else {
    for (const { object, change } of work)
      terminal.out(
        output === 'name'
          ? `workspace.kaito.sh/${object.metadata.name}\n`
          : `${titleOf(refOf(object))} would be ${change} ${where} (dry run)\n`,
      );
  }
  return exitCode.done;
}

/** Follows one until it is ready, and tells its endpoint; undefined when the person left. */
async function bring(
  session: Session,
  cluster: Cluster,
  { object }: Work,
  { flags, progress }: { readonly flags: UpFlags; readonly progress: Progress },
): Promise<Live<Workspace> | undefined> {
  const ref = refOf(object);
  const title = titleOf(ref);
  const now = await cluster.client.get(workspaces, ref);
  if (isReady(now)) {
    announce(session, cluster, now, flags);
    return now;
  }
  const interrupt = session.interruptible();
  try {
    const followed = await follow(session, cluster, ref, {
      progress,
      signal: interrupt.signal,
      generation: now.metadata.generation ?? 1,
      ...(flags.timeout == null ? {} : { timeout: flags.timeout }),
    });
    switch (followed.outcome) {
      case 'ready':
        announce(session, cluster, followed.workspace, flags);
        return followed.workspace;
      case 'interrupted':
        session.terminal.err(leaving(title, ref, cluster));
        return undefined;
      case 'gone':
        throw failure('Gone', `${title} was deleted while it started.`);
      case 'timeout':
        throw failure(
          followed.last?.status?.rootCause?.code ?? 'Timeout',
          `${title} is not ready after ${flags.timeout} s, and goes on: ${causeText(followed.last)}.`,
          followed.last?.status?.rootCause?.remedy ?? `See ${cluster.command('describe', ref)}.`,
        );
    }
  } finally {
    interrupt.release();
  }
}

const leaving = (title: string, ref: ReturnType<typeof refOf>, cluster: Cluster) =>
  `\n${title} goes on ${cluster.where}.\n  Follow it again:    ${cluster.command('up -f FILE')}\n  See how it stands:  ${cluster.command('describe', ref)}\n  Delete it:          ${cluster.command('down', ref)}\n`;

function announce({ terminal }: Session, cluster: Cluster, workspace: Live<Workspace>, flags: UpFlags): void {
  if (isData(flags.output) || flags.output === 'name') return;
  const ref = refOf(workspace);
  const url = workspace.status?.endpoint;
  if (flags.quiet === true) {
    terminal.out(`${url ?? ''}\n`);
    return;
  }
  const { bold } = terminal.outStyle;
  const answers = url == null ? 'is ready' : `answers inside the cluster at ${bold(url)}`;
  terminal.out(`\n${bold(titleOf(ref))} ${answers}\n\n`);
  terminal.err(`Talk to it:  ${cluster.command('chat', ref)}\nDelete it:   ${cluster.command('down', ref)}\n`);
}
