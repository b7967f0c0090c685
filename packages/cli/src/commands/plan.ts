import { type Facts, nothingKnown } from '@kaito/planner';
import { exitCode, type ExitCode } from '../failure.ts';
import { isData, type Format, writeData } from '../output.ts';
import { catalogWith, factsOfThisMachine, type PlanFlags, planOf, planOptions } from '../plan/planning.ts';
import { planText } from '../plan/plan-text.ts';
import type { Session } from '../session.ts';
import { readManifests } from '../workspace/manifest.ts';

export interface PlanOptions extends PlanFlags {
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly catalog?: readonly string[];
  /** Absent: where the command acts. */
  readonly target?: 'local' | 'cluster';
  readonly output?: Format;
  readonly serverImage: string;
}

interface Place {
  readonly target: 'local' | 'cluster';
  readonly facts: Facts;
}

/**
 * `kaito plan`: prints the Plan of each manifest, or as YAML for a cluster the objects that it would make there; exit code 1 when one is
 * refused.
 */
export async function plan(session: Session, preset: string | undefined, options: PlanOptions): Promise<ExitCode> {
  const target = options.target ?? 'local';
  const facts = target === 'local' ? await factsOfThisMachine(session.now()) : nothingKnown;
  return planWith(session, preset, options, { target, facts });
}

/** `kaito plan` for a place of which `facts` are known. */
export async function planWith(
  { terminal }: Session,
  preset: string | undefined,
  options: PlanOptions,
  { target, facts }: Place,
): Promise<ExitCode> {
  const catalog = await catalogWith(options.catalog, terminal);
  const manifests = await readManifests(catalog, { preset, files: options.filename, namespace: options.namespace });
  const plans = manifests.map((manifest) => planOf(manifest, catalog, facts, planOptions(target, options)));
  if (options.output === 'yaml' && target === 'cluster') {
    const { manifestsOf } = await import('../plan/rendered.ts');
    terminal.out(manifestsOf(plans, manifests, options.serverImage, terminal));
  } else if (isData(options.output)) await writeData(terminal, options.output, plans.length === 1 ? plans[0] : plans);
  else terminal.out(plans.map((each) => planText(each, terminal.outStyle)).join('\n'));
  return plans.every(({ admitted }) => admitted) ? exitCode.done : exitCode.refused;
}
