import { Command, InvalidArgumentError, Option } from 'commander';
import { fileURLToPath } from 'node:url';
import { WalkthroughError } from './error.ts';
import type { Step } from './story/step.ts';

/** What `npm run walkthrough` was asked for. */
export interface Options {
  /** Print the commands and run none. */
  readonly list: boolean;
  /** Go on with docs/beyond.md after the seed. */
  readonly beyond: boolean;
  /** Say whether this machine can have it, and run nothing. */
  readonly check: boolean;
  /** Fetch and build all that it needs, and run nothing. */
  readonly prepare: boolean;
  /** Wait for Enter before each step. */
  readonly step: boolean;
  /** Leave the environment running at the end, however it comes. */
  readonly keep: boolean;
  /** End the environment that was left running, and run nothing. */
  readonly end: boolean;
  /** Open a terminal in the environment that was left running, and run nothing. */
  readonly enter: boolean;
  /** Kill the whole run, to see that nothing is left, when this step has begun. */
  readonly killAt?: number;
  /** The number of a step or the beginning of a chapter's title. */
  readonly from?: string;
  /** Where the transcript is to be; the page of the docs is that of a story that passed, whole. */
  readonly transcript?: { readonly file: string; readonly passedOnly: boolean };
}

const off = {
  list: false,
  beyond: false,
  check: false,
  prepare: false,
  step: false,
  keep: false,
  enter: false,
  end: false,
};

const page = fileURLToPath(new URL('../../../docs/walkthrough.md', import.meta.url));

/**
 * Reads the arguments of `npm run walkthrough`; `write` gets the help and what is wrong with them.
 * @throws CommanderError, with its exit code, after `--help` and for arguments that are none
 */
export function parseOptions(args: readonly string[], write: (text: string) => void): Options {
  const program = new Command('walkthrough')
    .description(
      'Run every command of docs/seed.md on this machine: the real az, kubectl and curl on a real cluster in an emulated Azure.\nIt ends with the answer of the model, a transcript, and nothing left behind.',
    )
    .option('--list', 'print the numbered commands, and run none')
    .option('--beyond', 'go on with what comes after it, docs/beyond.md')
    .option('--check', 'say whether this machine can have it, and run nothing')
    .option('--prepare', 'fetch and build all that it needs, and run nothing')
    .option('--step', 'wait for Enter before each command')
    .option('--keep', 'leave the environment running at the end, to look around in it')
    .option('--from <step>', 'go on in a kept environment from a number or the title of a chapter')
    .option('--transcript <file>', 'write the transcript there')
    .addOption(
      new Option('--write-docs', 'write the transcript to docs/walkthrough.md when all of it passed').conflicts([
        'transcript',
        'beyond',
        'from',
        'step',
      ]),
    )
    .addOption(
      new Option('--enter', 'open a terminal in the environment that was kept')

        .conflicts(['step', 'keep', 'from']),
    )
    .addOption(
      new Option('--end', 'end the environment that was kept')

        .conflicts(['step', 'keep', 'from', 'enter']),
    )
    .addOption(
      new Option('--kill-at <step>', 'kill the whole run (SIGKILL) when that step has begun: nothing is left')
        .argParser(stepNumber)
        .conflicts(['step', 'keep', 'from']),
    )
    .helpOption('-h, --help', 'this text')
    .showHelpAfterError('(--help tells more)')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write });
  const { writeDocs, transcript, ...options } = program
    .parse([...args], { from: 'user' })
    .opts<Partial<Omit<Options, 'transcript'>> & { readonly writeDocs?: true; readonly transcript?: string }>();
  return {
    ...off,
    ...options,
    ...(writeDocs === true && { transcript: { file: page, passedOnly: true } }),
    ...(transcript !== undefined && { transcript: { file: transcript, passedOnly: false } }),
  };
}

function stepNumber(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write the number of a step; --list shows them.');
}

/**
 * The number of the step that `--from` means: a number, or the first step of the chapter whose title begins so, in any case.
 * @throws WalkthroughError where there is none
 */
export function stepNamed(steps: readonly Step[], from: string): number {
  const wanted = from.trim().toLowerCase();
  const step = steps.find(({ number, chapter }) =>
    /^\d+$/.test(wanted) ? number === Number(wanted) : wanted !== '' && chapter.toLowerCase().startsWith(wanted),
  );
  if (step === undefined)
    throw new WalkthroughError(
      'NoSuchStep',
      `there is no step or chapter ${from}`,
      'see them: npm run walkthrough -- --list',
    );
  return step.number;
}
