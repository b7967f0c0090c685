import { resolve } from 'node:path';
import { find, read, up as startLocal } from '@kaito/local';
import type { Facts, Plan } from '@kaito/planner';
import { curlLine } from '../endpoint/endpoint.ts';
import { blocks, exitCode, type ExitCode, Failure, failure, usage } from '../failure.ts';
import { isData, list, type Format, writeData } from '../output.ts';
import { catalogWith, factsOfThisMachine, type PlanFlags, planOf, planOptions } from '../plan/planning.ts';
import { type Session, thisMachine } from '../session.ts';
import { type Progress, progressOn, silent } from '../terminal/progress.ts';
import { causeOf, follow } from '../workspace/follow.ts';
import { titleOf } from '../workspace/lookup.ts';
import { type Manifest, readManifests } from '../workspace/manifest.ts';
import { readKey } from '../workspace/running.ts';
import { refuseFlags } from '../workspace/target.ts';

export interface UpFlags extends PlanFlags {
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly catalog?: readonly string[];
  readonly port?: number;
  readonly host?: string;
  readonly apiKeyFile?: string;
  readonly wait: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly dryRun?: boolean;
  readonly forceConflicts?: boolean;
  readonly quiet?: boolean;
  readonly output?: Format;
  /** False: the caller tells the endpoint itself. */
  readonly announce?: boolean;
}

/** `kaito up`: plans and starts each manifest on this machine, and waits until it answers. */
export async function up(session: Session, preset: string | undefined, flags: UpFlags): Promise<ExitCode> {
  refuseFlags(flags, ['--force-conflicts'], thisMachine);
  const catalog = await catalogWith(flags.catalog, session.terminal);
  const manifests = await readManifests(catalog, { preset, files: flags.filename, namespace: flags.namespace });
  if (flags.port != null && flags.port > 0 && manifests.length > 1) {
    throw usage(
      `${manifests.length} Workspaces cannot share --port ${flags.port}.`,
      'Leave --port out, or start them one by one.',
    );
  }
  if (flags.apiKeyFile != null) await readKey(flags.apiKeyFile);
  const facts = await factsOfThisMachine(session.now());
  const work = manifests.map((manifest) => ({
    manifest,
    plan: planOf(manifest, catalog, facts, planOptions('local', flags)),
  }));
  const refused = work.filter(({ plan }) => !plan.admitted);
  if (refused.length > 0) throw new Failure(refused.flatMap(({ plan }) => plan.findings));
  if (flags.dryRun === true) return dryRun(session, work, flags);
  const progress = progressOn(session.terminal, {
    quiet: flags.quiet === true || isData(flags.output),
    now: session.now,
  });
  const done: string[] = [];
  for (const { manifest, plan } of work) {
    const code = await bring(session, manifest, plan, { flags, facts, progress });
    if (code !== exitCode.done) return code;
    done.push(titleOf(plan.workspace));
  }
  if (isData(flags.output)) {
    const items = await Promise.all(work.map(({ plan }) => read(plan.workspace.namespace, plan.workspace.name)));
    const objects = items.map(({ workspace }) => workspace);
    await writeData(session.terminal, flags.output, objects.length === 1 ? objects[0] : list(objects));
  }
  return exitCode.done;
}

async function dryRun(
  { terminal }: Session,
  work: readonly { manifest: Manifest; plan: Plan }[],
  { output }: UpFlags,
): Promise<ExitCode> {
  for (const { plan } of work) terminal.err(blocks(plan.findings, terminal.errStyle));
  if (isData(output)) {
    const objects = work.map(({ manifest }) => manifest.workspace);
    await writeData(terminal, output, objects.length === 1 ? objects[0] : list(objects));
  } else {
    for (const { plan } of work) {
      terminal.out(
        output === 'name'
          ? `workspace.kaito.sh/${plan.workspace.name}\n`
          : `${titleOf(plan.workspace)} would run ${thisMachine} (dry run)\n`,
      );
    }
  }
  return exitCode.done;
}

interface Bringing {
  readonly flags: UpFlags;
  readonly facts: Facts;
  readonly progress: Progress;
}

async function bring(
  session: Session,
  { workspace }: Manifest,
  plan: Plan,
  { flags, progress }: Bringing,
): Promise<ExitCode> {
  const { terminal } = session;
  const style = terminal.errStyle;
  const title = titleOf(plan.workspace);
  const { namespace, name } = plan.workspace;
  const mild = plan.findings.filter(({ severity }) => severity === 'warning');
  if (flags.quiet !== true) terminal.err(blocks(mild, style));
  const interrupt = session.interruptible();
  try {
    const { action } = await startLocal(workspace, plan, {
      ...(flags.host == null ? {} : { host: flags.host }),
      ...(flags.port == null ? {} : { port: flags.port }),
      ...(flags.apiKeyFile == null ? {} : { apiKeyFile: resolve(flags.apiKeyFile) }),
      signal: interrupt.signal,
    });
    const did = { started: 'started', unchanged: 'runs already', replaced: 'replaced' }[action];
    progress.note(`${style.bold(title)} ${did} ${thisMachine}: ${modelText(plan)}`);
    if (!flags.wait) {
      progress.note(`It starts in the background. See: kaito get ${name}`);
      if (flags.output === 'name') terminal.out(`workspace.kaito.sh/${name}\n`);
      return exitCode.done;
    }
    const standing = action === 'unchanged' ? await find(namespace, name) : undefined;
    const { outcome, workspace: running } = await follow(namespace, name, {
      progress: standing?.assessment.endpoint == null ? progress : silent,
      style,
      signal: interrupt.signal,
      ...(flags.timeout == null ? {} : { timeout: flags.timeout }),
    });
    switch (outcome) {
      case 'ready':
        announce(session, running?.assessment.endpoint ?? '', name, flags);
        return exitCode.done;
      case 'interrupted':
        terminal.err(leaving(title));
        return exitCode.interrupted;
      case 'timeout':
        throw failure(
          'Timeout',
          `${title} is not ready after ${flags.timeout} s; it goes on in the background.`,
          `See 'kaito describe ${title}'.`,
        );
      case 'gone':
        throw failure('Gone', `${title} was removed while it started.`);
      case 'failed':
        throw causeOf(title, running!.assessment);
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    terminal.err(leaving(title));
    return exitCode.interrupted;
  } finally {
    interrupt.release();
  }
}

const leaving = (title: string) =>
  `\n${title} goes on in the background ${thisMachine}.\n  See how it stands: kaito describe ${title}\n  Stop it:           kaito down ${title}\n`;

function modelText({ model, shape }: Plan): string {
  const quantisation = model?.file == null ? '' : ` ${model.file.quantisation}`;
  return `${model?.name ?? 'its model'}${quantisation}${shape == null ? '' : `, ${shape.contextLength} tokens per request`}`;
}

function announce({ terminal }: Session, url: string, name: string, flags: UpFlags): void {
  if (isData(flags.output) || flags.announce === false) return;
  if (flags.output === 'name') {
    terminal.out(`workspace.kaito.sh/${name}\n`);
    return;
  }
  if (flags.quiet === true) {
    terminal.out(`${url}\n`);
    return;
  }
  const { bold } = terminal.outStyle;
  terminal.out(`\n${bold(name)} answers ${thisMachine} at ${bold(url)}\n\n${curlLine({ url }, flags.apiKeyFile)}\n\n`);
  terminal.err(`Talk to it: kaito chat ${name}\nStop it:    kaito down ${name}\n`);
}
