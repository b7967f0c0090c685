import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Outcome, Run, StepResult } from '../run/result.ts';
import type { Step } from '../story/step.ts';
import type { Story } from '../story/story.ts';
import { assignmentOf } from '../story/assignment.ts';
import { redact } from './redact.ts';

/** Lines of an output that are shown whole; of a longer one the first and last halves of them are. */
const shownLines = 60;

/** What happened, as a Markdown page. */
export function transcript(story: Story, versions: Readonly<Record<string, string>>, outcome: Outcome): string {
  return [
    `# ${story.title}`,
    story.about,
    machine(versions),
    ending(outcome),
    whereTimeGoes(story, outcome),
    ...chapters(outcome),
    ...failure(outcome),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function machine(versions: Readonly<Record<string, string>>): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const named = Object.entries(versions).map(([name, version]) => `; ${name} ${version}`);
  return `Machine: ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${memory} GiB of memory${named.join('')}.`;
}

function ending({ status, seconds, results }: Outcome): string {
  const commands = results.filter(({ step }) => !step.added).length;
  const ends = { passed: 'All of it', failed: 'It failed', quit: 'It was left', interrupted: 'It was interrupted' };
  return `${ends[status]}${status === 'passed' ? ' took' : ' after'} ${duration(seconds)}: ${commands} commands of the page.`;
}

function whereTimeGoes({ waits }: Story, { results }: Outcome): string {
  const titles = [...new Set(results.map(({ step }) => step.chapter))];
  const rows = titles.map((title) => {
    const those = results.filter(({ step }) => step.chapter === title);
    const seconds = Math.max(...those.map(({ ended }) => ended)) - Math.min(...those.map(({ began }) => began));
    const longest = those.reduce((a, b) => (took(b) > took(a) ? b : a));
    const command = longest.step.command
      .split('\n')[0]!
      .replaceAll('|', String.raw`\|`)
      .replace(/ \\$/, '');
    return `| ${title} | ${seconds.toFixed(1)} | \`${command}\`, ${took(longest).toFixed(1)} | ${waits[title] ?? ''} |`;
  });
  return `## Where the time goes

| Chapter | Seconds | Its longest command | The page's own wait |
|---|---:|---|---|
${rows.join('\n')}`;
}

/** Seconds; what only went on until others had ended took no time of its own. */
function took({ step: { manner }, began, ended }: StepResult): number {
  return manner.kind === 'beside' && manner.end === 'interrupt' ? 0 : ended - began;
}

function* chapters({ results }: Outcome): Generator<string> {
  let chapter: string | undefined;
  let terminal = '1';
  for (const [index, result] of results.entries()) {
    const { step } = result;
    if (step.chapter !== chapter) yield `## ${(chapter = step.chapter)}`;
    if (step.terminal !== terminal) yield `In terminal ${(terminal = step.terminal)}:`;
    if (!setsOnly(result)) yield* stepParts(result);
    else if (!follows(results[index - 1], result)) yield settings(results.slice(index));
  }
}

/** Whether a step did nothing but give a variable a value that the page says. */
function setsOnly({ step }: StepResult): boolean {
  return step.does === undefined && assignmentOf(step.command)?.computed === false;
}

function follows(before: StepResult | undefined, { step }: StepResult): boolean {
  return (
    before !== undefined &&
    setsOnly(before) &&
    before.step.chapter === step.chapter &&
    before.step.terminal === step.terminal
  );
}

/** The first of the results and the settings that follow it, in one block. */
function settings(results: readonly StepResult[]): string {
  const end = results.findIndex(
    (result, index) => index > 0 && !(setsOnly(result) && follows(results[index - 1], result)),
  );
  return fenced(
    'console',
    results
      .slice(0, end === -1 ? undefined : end)
      .map(({ step }) => typed(step.command, step))
      .join('\n'),
  );
}

function typed(command: string, { comment }: { readonly comment: string }): string {
  const comments = comment === '' ? [] : comment.split('\n').map((line) => `# ${line}`);
  return [...comments, `$ ${command}`].join('\n');
}

function* stepParts({ step, runs, began, ended }: StepResult): Generator<string> {
  if (step.added) yield 'A check of the walkthrough, not of the page:';
  for (const [index, run] of runs.entries()) {
    if (run.added)
      yield `${step.manner.kind === 'mistaken' ? `${step.manner.explanation} ` : ''}Typed by the walkthrough:`;
    const command = typed(run.command, index === 0 ? step : { comment: '' });
    yield fenced('console', [command, shown(run, step)].filter((text) => text !== '').join('\n'));
    for (const { title, text } of run.screens) yield `${title}:\n\n${fenced('text', redact(text))}`;
  }
  yield `*${(ended - began).toFixed(1)} s.*${step.does === undefined ? '' : ` ${step.does}`}`;
}

function shown({ output, value, status }: Run, { manner }: Step): string {
  const said = [
    output,
    value === undefined ? '' : `# its value: ${value}`,
    // That of a program which Ctrl-C ended says nothing.
    manner.kind === 'mistaken' && status !== 0 ? `# exit status ${status}` : '',
  ];
  return redact(shortened(said.filter((text) => text !== '').join('\n')));
}

function shortened(text: string): string {
  const lines = text.split('\n');
  if (lines.length <= shownLines) return text;
  const half = shownLines / 2;
  return [...lines.slice(0, half), `… ${lines.length - shownLines} lines more …`, ...lines.slice(-half)].join('\n');
}

function* failure({ failure: failed }: Outcome): Generator<string> {
  if (failed === undefined) return;
  yield `## It failed\n\nStep ${failed.step.number}:\n\n${fenced('console', `$ ${failed.step.command}`)}`;
  yield `Expected: ${failed.expected}. Seen:\n\n${fenced('text', redact(shortened(failed.seen)))}`;
  for (const { command, output } of failed.state) yield fenced('console', redact(shortened(`$ ${command}\n${output}`)));
}

/** A fenced block; the fence is longer than any in the text. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([found]) => found.length));
  const fence = '`'.repeat(longest + 1);
  const lines = text.split('\n').map((line) => line.trimEnd());
  return `${fence}${language}\n${lines.join('\n')}\n${fence}`;
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds.toFixed(1)} s` : `${minutes} min ${Math.round(seconds - minutes * 60)} s`;
}
