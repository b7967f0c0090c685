import { styleText } from 'node:util';
import type { Observer } from '../run/perform.ts';
import type { Outcome } from '../run/result.ts';
import type { Step } from '../story/step.ts';

/** Tells on a terminal or into a log what happens, line by line as it happens. */
export interface Live {
  say(text: string): void;
  chapter(step: Step): void;
  /** What is told of a step; lines of a terminal other than the one that a command was typed into last are marked with it. */
  observer(step: Step): Observer;
  done(step: Step, seconds: number): void;
  outcome(outcome: Outcome): void;
}

const margin = '   ';

export function liveReport(output: NodeJS.WritableStream): Live {
  const write = (text: string): void => void output.write(`${text}\n`);
  // Colours where the stream is a terminal and NO_COLOR does not forbid them.
  const styled = (style: 'bold' | 'dim' | 'green' | 'red', text: string): string =>
    styleText(style, text, { stream: output as NodeJS.WriteStream });
  let typedInto: string | undefined;
  const mark = ({ terminal }: Step): string => (terminal === typedInto ? margin : `[terminal ${terminal}] `);

  return {
    say: write,
    chapter({ chapter, opening }) {
      write(`\n${styled('bold', `── ${chapter} ${'─'.repeat(Math.max(0, 76 - chapter.length))}`)}`);
      if (opening !== '') write(styled('dim', `${margin}${opening}`));
    },
    observer(step) {
      let comment = step.comment === '' ? [] : step.comment.split('\n');
      return {
        command(text, added) {
          const moved = typedInto !== undefined && typedInto !== step.terminal;
          typedInto = step.terminal;
          write('');
          if (moved) write(styled('dim', `${margin}(terminal ${step.terminal})`));
          for (const line of comment) write(styled('dim', `${margin}# ${line}`));
          comment = [];
          const [first, ...more] = text.split('\n');
          const number = String(step.number).padStart(2);
          write(
            `${number} ${styled('bold', `$ ${first}`)}${added ? styled('dim', '   # added by the walkthrough') : ''}`,
          );
          for (const line of more) write(`${margin}${styled('bold', line)}`);
        },
        line: (text) => write(`${mark(step)}${text}`),
        screen(title, text) {
          write(styled('dim', `${margin}┌ ${title}`));
          // A screen that is wider than the reader's is cut, as a wrapped one cannot be read.
          const width = ((output as NodeJS.WriteStream).columns ?? Infinity) - margin.length - 2;
          for (const line of text.split('\n')) write(`${margin}│ ${line.trimEnd().slice(0, width)}`);
        },
        note: (text) => write(styled('bold', `${margin}${text}`)),
      };
    },
    done: (step, seconds) =>
      write(
        `${mark(step)}${styled('green', '✓')} ${seconds.toFixed(1)} s${step.does === undefined ? '' : styled('dim', `  ${step.does}`)}`,
      ),
    outcome({ status, failure, seconds, results, transcript }) {
      write('');
      if (failure !== undefined) {
        write(styled('red', `✗ Step ${failure.step.number}: ${failure.step.command.split('\n')[0]}`));
        write(`${margin}expected: ${failure.expected}`);
        write(`${margin}seen:`);
        for (const line of failure.seen.split('\n').slice(-20)) write(`${margin}  ${line}`);
        for (const { command, output: text } of failure.state) {
          write(`${margin}$ ${command}`);
          for (const line of text.split('\n')) write(`${margin}  ${line}`);
        }
      }
      const ends = { passed: 'Done', failed: 'Failed', quit: 'Left', interrupted: 'Interrupted' };
      write(`${ends[status]} after ${seconds.toFixed(1)} s and ${results.length} steps. Transcript: ${transcript}`);
    },
  };
}
