import type { Clock } from '@kaito/kube';
import { assignmentOf } from '../story/assignment.ts';
import type { Manner, Sight, Step } from '../story/step.ts';
import type { Finished, Running, Terminal } from '../terminal/terminal.ts';
import { type Run, StepFailure } from './result.ts';

/** Milliseconds between two looks of a person who waits for something. */
const lookAgain = 1_000;
/** Seconds that a program has to end after Ctrl-C. */
const afterInterrupt = 20;

/** Who is told of what happens in a step while it happens. */
export interface Observer {
  command(text: string, added: boolean): void;
  line(text: string): void;
  screen(title: string, text: string): void;
  note(text: string): void;
}

export interface Stage {
  readonly terminal: Terminal;
  readonly observer: Observer;
  readonly clock: Clock;
}

/**
 * Runs a step as its manner says; `together` resolves when one beside others is to come to its end.
 * @throws StepFailure when what it was to show is not seen
 */
export async function perform(step: Step, stage: Stage, together: Promise<void>): Promise<Run[]> {
  const { manner, command } = step;
  stage.observer.command(command, step.added);
  if (manner.kind === 'once') return [await once(command, manner, stage)];
  if (manner.kind === 'repeated') return [await repeated(command, manner, stage)];
  if (manner.kind === 'watched') return [await watched(command, manner, stage)];
  if (manner.kind === 'beside') return [await beside(command, manner, stage, together)];
  return await mistaken(command, manner, stage);
}

async function once(
  command: string,
  { sight, limit }: Omit<Extract<Manner, { kind: 'once' }>, 'kind'>,
  stage: Stage,
  added = false,
): Promise<Run> {
  const { observer, terminal } = stage;
  const run = await finishedRun(command, limit, stage, (line) => observer.line(line), added);
  succeeded(run);
  const assignment = assignmentOf(command);
  if (assignment?.computed !== true) {
    show(sight, run.output);
    return run;
  }
  const { output: value } = await terminal.run(`printf '%s\\n' "$${assignment.name}"`).finished;
  observer.line(`${assignment.name} is now: ${value}`);
  show(sight ?? { what: `${assignment.name} to have a value`, seen: (text) => text !== '' }, value);
  return { ...run, value };
}

async function repeated(
  command: string,
  { sight, limit }: Extract<Manner, { kind: 'repeated' }>,
  stage: Stage,
): Promise<Run> {
  const { clock, observer } = stage;
  const began = clock.monotonic();
  for (;;) {
    const lines: string[] = [];
    const run = await finishedRun(command, limit, stage, (line) => lines.push(line));
    const over = clock.monotonic() - began >= limit * 1000;
    if (run.status === 0 && !sight.seen(run.output) && !over) {
      await new Promise<void>((resolve) => void clock.after(lookAgain, resolve));
      continue;
    }
    for (const line of lines) observer.line(line);
    succeeded(run);
    show(sight, run.output, limit);
    return { ...run, seconds: (clock.monotonic() - began) / 1000 };
  }
}

async function watched(
  command: string,
  { sight, title, before, limit }: Extract<Manner, { kind: 'watched' }>,
  stage: Stage,
): Promise<Run> {
  const { clock, observer, terminal } = stage;
  const began = clock.monotonic();
  const running = terminal.run(command);
  const screens: { title: string; text: string }[] = [];
  const keep = (title: string, text: string): void => {
    screens.push({ title, text });
    observer.screen(title, text);
  };
  let ahead = [...before];
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const forget = running.onQuiet(() => {
    const text = running.screen();
    if (sight.seen(text)) {
      keep(title, text);
      forget();
      resolve();
      return;
    }
    const moment = ahead.find((each) => each.sight.seen(text));
    if (moment === undefined) return;
    ahead = ahead.slice(ahead.indexOf(moment) + 1);
    keep(moment.title, text);
  });
  const early = running.finished.then(({ status, output }) => {
    throw new StepFailure(`${sight.what}, until Ctrl-C`, `it ended by itself with exit status ${status}\n${output}`);
  });
  await limited(Promise.race([ready, early]), clock, limit, sight.what, running);
  const { status, output } = await interrupted(running, clock);
  return { command, added: false, output, status, seconds: (clock.monotonic() - began) / 1000, screens };
}

async function beside(
  command: string,
  { end, sight, limit }: Extract<Manner, { kind: 'beside' }>,
  stage: Stage,
  together: Promise<void>,
): Promise<Run> {
  if (end === 'await') return await once(command, { limit, ...(sight !== undefined && { sight }) }, stage);
  const { clock, observer, terminal } = stage;
  const began = clock.monotonic();
  const running = terminal.run(command);
  const early = running.finished.then(({ status, output }) => {
    throw new StepFailure('it to go on until Ctrl-C', `it ended by itself with exit status ${status}\n${output}`);
  });
  await limited(Promise.race([together, early]), clock, limit, 'the steps beside it to come to their end', running);
  const { status, output } = await interrupted(running, clock);
  observer.line(`${output.split('\n').length} lines, in the transcript`);
  show(sight, output);
  return { command, added: false, output, status, seconds: (clock.monotonic() - began) / 1000, screens: [] };
}

async function mistaken(
  command: string,
  { sight, explanation, mend, limit }: Extract<Manner, { kind: 'mistaken' }>,
  stage: Stage,
): Promise<Run[]> {
  const { observer } = stage;
  const failed = await finishedRun(command, limit, stage, (line) => observer.line(line));
  if (failed.status === 0) throw new StepFailure(`it to fail with ${sight.what}`, `exit status 0\n${failed.output}`);
  show(sight, failed.output);
  observer.note(explanation);
  observer.command(mend, true);
  const mended = await once(mend, { limit }, stage, true);
  observer.command(command, false);
  return [failed, mended, await once(command, { limit }, stage)];
}

async function finishedRun(
  command: string,
  limit: number,
  { terminal, clock }: Stage,
  onLine: (line: string) => void,
  added = false,
): Promise<Run> {
  const began = clock.monotonic();
  const running = terminal.run(command, onLine);
  const { status, output } = await limited(running.finished, clock, limit, 'it to end', running);
  return { command, added, output, status, seconds: (clock.monotonic() - began) / 1000, screens: [] };
}

async function interrupted(running: Running, clock: Clock): Promise<Finished> {
  running.interrupt();
  return await limited(running.finished, clock, afterInterrupt, 'it to end after Ctrl-C', running);
}

async function limited<T>(
  promise: Promise<T>,
  clock: Clock,
  limit: number,
  expected: string,
  running: Running,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(limit * 1000, () =>
    reject(new StepFailure(`${expected} within ${limit} s`, running.screen())),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

function succeeded({ status, output }: Run): void {
  if (status !== 0) throw new StepFailure('exit status 0', `exit status ${status}\n${output}`);
}

function show(sight: Sight | undefined, text: string, limit?: number): void {
  if (sight === undefined || sight.seen(text)) return;
  throw new StepFailure(limit === undefined ? sight.what : `${sight.what} within ${limit} s`, text);
}
