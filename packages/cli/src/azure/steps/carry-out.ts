import { Failure, exitCode, type ExitCode } from '../../failure.ts';
import { type Format, isData, writeData } from '../../output.ts';
import { withCommandName } from '../../program/command-name.ts';
import type { Session } from '../../session.ts';
import { confirm } from '../../terminal/confirm.ts';
import { explained } from '../explain.ts';
import type { Step, StepResult } from './step.ts';
import { stepsText } from './steps-text.ts';

export interface CarryOutFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly output?: Format;
}

export interface Work {
  /** What it is all for, as a heading. */
  readonly title: string;
  readonly steps: readonly Step[];
  readonly question: string;
  /** What is to be known beside the steps, e.g. costs. */
  readonly notes?: readonly string[];
  /** What a person may do next, once all is as it should be. */
  readonly next?: readonly string[];
}

/**
 * Shows the steps, asks, does those that are to be done, and tells what came of each. Nothing is changed before a yes. Exit code 1 where
 * something is left to be done by hand. Throws the Failure of the step that fails, after telling how far it got.
 */
export async function carryOut(session: Session, work: Work, flags: CarryOutFlags): Promise<ExitCode> {
  const { terminal } = session;
  const { steps } = work;
  const asData = isData(flags.output);
  const say = (text: string) => {
    const shown = withCommandName(text, terminal.env);
    if (asData) terminal.err(shown);
    else terminal.out(shown);
  };
  const style = asData ? terminal.errStyle : terminal.outStyle;
  const todo = steps.filter(({ state }) => state === 'todo');
  const planned: StepResult[] = steps.map((step) => resultOf(step, step.state === 'todo' ? 'would' : step.state));
  const finish = async (results: readonly StepResult[], extra: Record<string, unknown> = {}) => {
    if (isData(flags.output))
      await writeData(terminal, flags.output, { dryRun: flags.dryRun === true, steps: results, ...extra });
  };
  if (!asData || flags.yes !== true) {
    say(`${style.bold(work.title)}\n\n${stepsText(planned, style)}`);
    for (const note of work.notes ?? []) say(`\n${style.yellow('note')}: ${note}\n`);
  }
  if (flags.dryRun === true) {
    if (!asData) say(todo.length === 0 ? '\nThere is nothing to do.\n' : '\nNothing was changed (--dry-run).\n');
    await finish(planned, { notes: work.notes ?? [] });
    return exitCode.done;
  }
  if (todo.length > 0 && flags.yes !== true) {
    terminal.err('\n');
    if (!(await confirm(session, work.question, 'Look at it with --dry-run, then agree beforehand with --yes.'))) {
      terminal.err('Nothing was changed.\n');
      return exitCode.interrupted;
    }
  }
  if (todo.length > 0) say('\n');
  const line = (result: StepResult) => {
    const { name, state, says } = result;
    say(stepsText([{ name, state, says, commands: [] }], style));
  };
  const results: StepResult[] = [];
  for (const step of steps) {
    if (step.state !== 'todo') {
      results.push(resultOf(step, step.state));
      continue;
    }
    try {
      const came = await step.run?.();
      const result = { ...resultOf(step, 'done'), ...(came == null ? {} : { says: came }) };
      results.push(result);
      line(result);
    } catch (error) {
      const rest = steps
        .slice(results.length + 1)
        .map((each) => resultOf(each, each.state === 'todo' ? 'not done' : each.state));
      const failed = [...results, resultOf(step, 'failed'), ...rest];
      line(resultOf(step, 'failed'));
      const why = explained(error);
      await finish(failed, why instanceof Failure ? { findings: why.findings } : {});
      throw why;
    }
  }
  await finish(results);
  const byHand = steps.some(({ state }) => state === 'by hand');
  if (!asData) {
    if (byHand)
      say(
        `\n${style.yellow('Not all could be done from here: have the commands marked ! run, then run this again.')}\n`,
      );
    else if (todo.length === 0) say('\nThere is nothing to do.\n');
    if (!byHand && work.next != null) say(`\n${work.next.join('\n')}\n`);
  }
  return byHand ? exitCode.refused : exitCode.done;
}

function resultOf({ name, says, commands, warning }: Step, state: StepResult['state']): StepResult {
  return { name, state, says, commands, ...(warning == null ? {} : { warning }) };
}
