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
  const { steps, notes = [], next = [] } = work;
  const { output } = flags;
  const style = isData(output) ? terminal.errStyle : terminal.outStyle;
  const say = (text: string) => {
    const shown = withCommandName(text, terminal.env);
    if (isData(output)) terminal.err(shown);
    else terminal.out(shown);
  };
  const asData = async (results: readonly StepResult[], more: object = {}) => {
    if (isData(output))
      await writeData(terminal, output, { dryRun: flags.dryRun === true, steps: results, notes, ...more });
  };
  const todo = steps.some(({ state }) => state === 'todo');
  const planned = steps.map((step) => resultOf(step, step.state === 'todo' ? 'would' : step.state));
  const asks = todo && flags.yes !== true && flags.dryRun !== true;
  if (!isData(output) || asks) {
    say(`${style.bold(work.title)}\n\n${stepsText(planned, style)}\n`);
    for (const note of notes) say(`${style.yellow('note')}: ${note}\n\n`);
  }
  if (flags.dryRun === true) {
    if (!isData(output)) say(todo ? 'Nothing was changed (--dry-run).\n' : 'There is nothing to do.\n');
    await asData(planned);
    return exitCode.done;
  }
  if (
    asks &&
    !(await confirm(session, work.question, 'Look at it with --dry-run, then agree beforehand with --yes.'))
  ) {
    terminal.err('Nothing was changed.\n');
    return exitCode.interrupted;
  }
  const { results, failure } = await perform(steps, ({ name, state, says }) =>
    say(stepsText([{ name, state, says, commands: [] }], style)),
  );
  await asData(results, failure instanceof Failure ? { findings: failure.findings } : {});
  if (failure !== undefined) throw failure;
  const byHand = steps.some(({ state }) => state === 'by hand');
  if (isData(output)) return byHand ? exitCode.refused : exitCode.done;
  if (byHand) {
    say(`\n${style.yellow('Not all could be done from here: have the commands marked ! run, then run this again.')}\n`);
    return exitCode.refused;
  }
  if (!todo) say('There is nothing to do.\n');
  if (next.length > 0) say(`\n${next.join('\n')}\n`);
  return exitCode.done;
}

interface Performed {
  readonly results: readonly StepResult[];
  /** Why it went no further. */
  readonly failure?: unknown;
}

/** Does the steps in order, up to the first that fails, and tells each as it ends. */
async function perform(steps: readonly Step[], told: (result: StepResult) => void): Promise<Performed> {
  const results: StepResult[] = [];
  for (const step of steps) {
    if (step.state !== 'todo') {
      results.push(resultOf(step, step.state));
      continue;
    }
    try {
      const came = await step.run?.();
      results.push({ ...resultOf(step, 'done'), ...(came == null ? {} : { says: came }) });
    } catch (error) {
      results.push(resultOf(step, 'failed'));
      told(results.at(-1)!);
      const rest = steps
        .slice(results.length)
        .map((each) => resultOf(each, each.state === 'todo' ? 'not done' : each.state));
      return { results: [...results, ...rest], failure: explained(error) };
    }
    told(results.at(-1)!);
  }
  return { results };
}

function resultOf({ name, says, commands, warning }: Step, state: StepResult['state']): StepResult {
  return { name, state, says, commands, ...(warning == null ? {} : { warning }) };
}
