import type { LocalWorkspace } from '@kaito/local';
import { blocks, exitCode, type ExitCode } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import { memoryText } from '../plan/plan-text.ts';
import { type Session, thisMachine } from '../session.ts';
import { age, elapsed } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import { fields, table } from '../terminal/table.ts';
import { printable } from '../terminal/terminal.ts';
import { lookUp, titleOf } from '../workspace/lookup.ts';
import { requireLocalTarget } from '../workspace/target.ts';

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
  await requireLocalTarget();
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
  const { rootCause } = assessment;
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
  if (rootCause != null) {
    parts.push(
      `\n${style.bold('Root cause')}\n  ${printable(rootCause.message)} ${style.dim(`[${rootCause.code}]`)}\n`,
    );
    if (rootCause.remedy != null) parts.push(`  ${style.dim('fix')} ${printable(rootCause.remedy)}\n`);
  }
  parts.push(
    section('Phases', style, assessment.phases.length, () =>
      table(assessment.phases, [
        { header: 'PHASE', value: ({ name }) => name },
        { header: 'STATE', value: ({ state }) => state },
        { header: 'TOOK', value: ({ seconds }) => (seconds == null ? '' : elapsed(seconds)), align: 'right' },
        {
          header: 'EXPECTED',
          value: ({ expectedSeconds }) => (expectedSeconds == null ? '' : elapsed(expectedSeconds)),
          align: 'right',
        },
        { header: 'DETAIL', value: ({ detail }) => printable(detail ?? '') },
      ]),
    ),
    section('Conditions', style, assessment.conditions.length, () =>
      table(assessment.conditions, [
        { header: 'TYPE', value: ({ type }) => type },
        { header: 'STATUS', value: ({ status }) => status },
        { header: 'SINCE', value: ({ lastTransitionTime }) => age(lastTransitionTime, now) },
        { header: 'REASON', value: ({ reason }) => reason },
        { header: 'MESSAGE', value: ({ message }) => printable(message) },
      ]),
    ),
    section('Memory', style, plan.memory == null ? 0 : 1, () => memoryText(plan.memory!, style)),
  );
  if (plan.findings.length > 0) parts.push(`\n${blocks(plan.findings, style)}`);
  parts.push(`\nLogs: kaito logs ${found.name}, and kaito logs ${found.name} --supervisor\n`);
  return parts.join('');
}

function section(title: string, style: Style, count: number, text: () => string): string {
  return count === 0 ? '' : `\n${style.bold(title)}\n${text().replaceAll(/^(?=.)/gm, '  ')}`;
}
