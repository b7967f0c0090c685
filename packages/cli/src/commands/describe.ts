import type { LocalWorkspace } from '@kaito/local';
import { blocks, exitCode, type ExitCode } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import { memoryText } from '../plan/plan-text.ts';
import { type Session, thisMachine } from '../session.ts';
import { age } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import { fields } from '../terminal/table.ts';
import { lookUp, titleOf } from '../workspace/lookup.ts';
import { conditionsSection, phasesSection, rootCauseSection, section } from '../workspace/sections.ts';

interface Options {
  readonly namespace?: string;
  readonly output?: Format;
}

/** `kaito describe`: how a Workspace stands and why. */
export async function describe(
  { terminal, now }: Session,
  name: string | undefined,
  options: Options,
): Promise<ExitCode> {
  const found = await lookUp(name, options.namespace);
  if (isData(options.output)) {
    const { workspace, plan, assessment, processes, directory } = found;
    await writeData(terminal, options.output, { workspace, plan, assessment, processes, directory });
  } else {
    terminal.out(describeText(found, now(), terminal.outStyle));
  }
  return exitCode.done;
}

/** The description as text. `now` in ms. */
export function describeText(found: LocalWorkspace, now: number, style: Style): string {
  const { assessment, plan, workspace, processes } = found;
  const ready = assessment.endpoint != null;
  const parts = [
    fields([
      ['Name', style.bold(titleOf(found))],
      ['Target', thisMachine],
      ['State', ready ? style.green(assessment.state) : style.yellow(assessment.state)],
      ['Endpoint', assessment.endpoint],
      [
        'Model',
        plan.model == null ? undefined : `${plan.model.name} ${plan.model.file?.quantisation ?? plan.model.weightType}`,
      ],
      [
        'Context',
        plan.shape == null
          ? undefined
          : `${plan.shape.contextLength} tokens per request, ${plan.shape.parallel} at once`,
      ],
      ['Age', age(workspace.metadata.creationTimestamp, now)],
      ['Server', processes.server == null ? 'not running' : `process ${processes.server.pid}`],
      ['Supervisor', processes.supervisor == null ? 'not running' : `process ${processes.supervisor.pid}`],
      ['Files', found.directory],
    ]),
  ];
  parts.push(
    rootCauseSection(assessment, style),
    phasesSection(assessment, style),
    conditionsSection(assessment, now, style),
    section('Memory', style, plan.memory == null ? 0 : 1, () => memoryText(plan.memory!, style)),
  );
  if (plan.findings.length > 0) parts.push(`\n${blocks(plan.findings, style)}`);
  parts.push(`\nLogs: kaito logs ${found.name}, and kaito logs ${found.name} --supervisor\n`);
  return parts.join('');
}
