import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@kaito/kube';
import { liveReport, type Live } from '../report/live.ts';
import { transcript } from '../report/transcript.ts';
import { assignmentOf } from '../story/assignment.ts';
import type { Step } from '../story/step.ts';
import type { Story } from '../story/story.ts';
import { TerminalEnded } from '../terminal/terminal.ts';
import { perform } from './perform.ts';
import { type Progress, noProgress, readProgress } from './progress.ts';
import { type Prompts, readPrompts } from './prompts.ts';
import { type Outcome, type StepResult, StepFailure } from './result.ts';
import { askFor } from './stepping.ts';
import { type Terminals, createTerminals } from './terminals.ts';

/** Where the commands run: the namespaces of this process, and what they are given in them. */
export interface Environment {
  /** A folder of this environment alone; `home` in it is the folder that terminals start in. */
  readonly directory: string;
  /** For the programs inside: HOME, PATH, TERM=xterm-256color, LANG, … */
  readonly variables: Readonly<Record<string, string>>;
  /** Of the programs that the story is told with, by their names. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface WalkthroughOptions {
  readonly environment: Environment;
  readonly story: Story;
  /** Told on it while it happens. */
  readonly output: NodeJS.WritableStream;
  /** A person's answers: each step is shown first, and waits for one. */
  readonly answers?: NodeJS.ReadableStream;
  /** The number of the first step, in an environment in which those before it have been done. */
  readonly from?: number;
  /** Another file for the transcript than the one in the environment's folder, for every story or for one that passed. */
  readonly transcript?: { readonly file: string; readonly passedOnly: boolean };
  /** Ends the terminals and the story. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Seconds for each of the commands that tell the state after a failure. */
const inspectionLimit = 20;

/** A step that runs beside others; `join` has it come to its end. */
interface Beside {
  readonly step: Step;
  readonly until: number;
  readonly outcome: Promise<StepResult | Failed>;
  join(): void;
}

class Failed {
  readonly step: Step;
  readonly cause: unknown;
  constructor(step: Step, cause: unknown) {
    this.step = step;
    this.cause = cause;
  }
}

/**
 * Tells a story: runs its steps in terminals as a person would. A step that fails ends it. The terminals are ended whatever
 * happens; nothing of what ran in them is left.
 * @throws WalkthroughError when `from` asks for what has not been done here
 */
export async function runWalkthrough(options: WalkthroughOptions): Promise<Outcome> {
  const { environment, signal, clock, output, answers, story } = options;
  const from = options.from ?? 1;
  const progress = await (from === 1 ? noProgress : readProgress)(environment.directory);
  progress.requireDone(story.steps.filter(({ number }) => number < from));
  const terminals = createTerminals({
    directory: join(environment.directory, 'home'),
    variables: environment.variables,
    clock,
  });
  const hangUp = (): void => void terminals.end();
  signal.addEventListener('abort', hangUp, { once: true });
  const live = liveReport(output);
  const prompts = answers === undefined ? undefined : readPrompts(answers);
  const telling = new Telling({ options, progress, terminals, live, prompts });
  try {
    const told = await telling.tell();
    const wanted = told.status !== 'passed' && options.transcript?.passedOnly === true ? undefined : options.transcript;
    const file = wanted?.file ?? join(environment.directory, 'transcript.md');
    const outcome: Outcome = { ...told, transcript: file };
    await writeFile(file, transcript(story, environment.versions, outcome));
    live.outcome(outcome);
    return outcome;
  } finally {
    signal.removeEventListener('abort', hangUp);
    prompts?.close();
    await terminals.end();
  }
}

interface Parts {
  readonly options: WalkthroughOptions;
  readonly progress: Progress;
  readonly terminals: Terminals;
  readonly live: Live;
  readonly prompts: Prompts | undefined;
}

class Telling {
  readonly #parts: Parts;
  readonly #began: number;
  readonly #results: StepResult[] = [];
  #beside: Beside[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#began = parts.options.clock.monotonic();
  }

  get #seconds(): number {
    return (this.#parts.options.clock.monotonic() - this.#began) / 1000;
  }

  /** Whether it was done before this telling. */
  #wasDone({ number }: Step): boolean {
    return number < (this.#parts.options.from ?? 1);
  }

  async tell(): Promise<Omit<Outcome, 'transcript'>> {
    const { options, live } = this.#parts;
    let failed: Failed | undefined;
    let status: Outcome['status'] = 'passed';
    let chapter: string | undefined;
    for (const step of options.story.steps) {
      if (!this.#wasDone(step) && step.chapter !== chapter) {
        live.chapter(step);
        chapter = step.chapter;
      }
      const choice = await this.#take(step).catch((error: unknown) => new Failed(step, error));
      if (choice instanceof Failed) failed = choice;
      else if (choice === 'quit') status = 'quit';
      failed ??= await this.#joinAfter(step);
      if (failed !== undefined || status === 'quit') break;
    }
    const told = {
      results: this.#results.toSorted((a, b) => a.step.number - b.step.number),
      seconds: this.#seconds,
    };
    if (failed === undefined) return { ...told, status };
    if (options.signal.aborted) return { ...told, status: 'interrupted' };
    const { expected, seen } = unmet(failed.cause);
    return { ...told, status: 'failed', failure: { step: failed.step, expected, seen, state: await this.#state() } };
  }

  /** Has a step done, or begun where it runs beside others. */
  async #take(step: Step): Promise<'done' | 'quit'> {
    const { options, terminals, live, prompts, progress } = this.#parts;
    options.signal.throwIfAborted();
    const terminal = terminals.named(step.terminal);
    if (this.#wasDone(step)) {
      await this.#replay(step);
      return 'done';
    }
    if (prompts !== undefined) {
      const choice = await askFor(step, terminal, { prompts, say: live.say, signal: options.signal });
      if (choice === 'quit') return 'quit';
      if (choice === 'skip') {
        await progress.add(step);
        return 'done';
      }
    }
    const { promise: together, resolve: join } = Promise.withResolvers<void>();
    const outcome = this.#perform(step, together);
    if (step.manner.kind === 'beside') {
      const settled = outcome.catch((error: unknown) => new Failed(step, error));
      this.#beside.push({ step, until: step.manner.until, outcome: settled, join });
      // Where it is ended by Ctrl-C, a later start at what came beside it does not need it.
      if (step.manner.end === 'interrupt') await progress.add(step);
    } else await outcome;
    return 'done';
  }

  async #perform(step: Step, together: Promise<void>): Promise<StepResult> {
    const { options, terminals, live, progress } = this.#parts;
    const began = this.#seconds;
    const stage = {
      terminal: terminals.named(step.terminal),
      observer: live.observer(step),
      clock: options.clock,
    };
    const runs = await perform(step, stage, together);
    const result = { step, runs, began, ended: this.#seconds };
    this.#results.push(result);
    live.done(step, result.ended - began);
    await progress.add(step);
    return result;
  }

  /** The variables of steps that were done before are what a later one needs of them. */
  async #replay(step: Step): Promise<void> {
    const assignment = assignmentOf(step.command);
    if (assignment === undefined) return;
    const { status, output } = await this.#parts.terminals.named(step.terminal).run(step.command).finished;
    if (status !== 0) throw new StepFailure('exit status 0', `exit status ${status}\n${output}`);
  }

  /** Has those that run beside up to a step come to their end; the first that failed, if one did. */
  async #joinAfter({ number }: Step): Promise<Failed | undefined> {
    const joined = this.#beside.filter(({ until }) => until === number);
    this.#beside = this.#beside.filter((beside) => !joined.includes(beside));
    for (const { join } of joined) join();
    const outcomes = await Promise.all(joined.map(({ outcome }) => outcome));
    return outcomes.find((outcome) => outcome instanceof Failed);
  }

  /** What the story's inspections say, in a terminal of their own. */
  async #state(): Promise<{ command: string; output: string }[]> {
    const { options, terminals } = this.#parts;
    const state: { command: string; output: string }[] = [];
    const terminal = terminals.named('inspection');
    try {
      for (const command of options.story.inspections) {
        const { status, output } = await terminal.run(`timeout ${inspectionLimit} ${command}`).finished;
        // What does not answer, as a cluster that is not there yet, tells nothing.
        if (status === 0 && output !== '') state.push({ command, output });
      }
    } catch (error) {
      // An interruption meanwhile takes nothing from the failure.
      if (!(error instanceof TerminalEnded)) throw error;
    }
    return state;
  }
}

/** What a failure says of a step. @throws what is no failure of a step */
function unmet(cause: unknown): { readonly expected: string; readonly seen: string } {
  if (cause instanceof StepFailure) return cause;
  if (cause instanceof TerminalEnded) return { expected: 'the shell to go on', seen: cause.message };
  throw cause;
}
