// `npm run walkthrough`: prepares what its commands need, starts an Azure, and runs them inside it.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { foreground, runningNames } from '@kaito/lab-azure';
import { LabError, checkGo, checkRealNodes } from '@kaito/lab-kubernetes';
import { CommanderError } from 'commander';
import { emulatorFlags, kept } from './environment/emulator.ts';
import { prepare } from './environment/prepare.ts';
import { WalkthroughError } from './error.ts';
import { runUntil } from './killed/run-until.ts';
import { parseOptions, stepNamed } from './options.ts';
import { keptPage } from './report/kept.ts';
import { listSteps } from './report/list.ts';
import { storyOf } from './stories.ts';

const say = (text: string): void => void process.stdout.write(text);
const tell = (text: string): void => void process.stderr.write(`walkthrough: ${text}\n`);
const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
const azure = [...node, fileURLToPath(new URL('../../azure/src/main.ts', import.meta.url))];
const inside = [...node, fileURLToPath(new URL('inside.ts', import.meta.url)), ...process.argv.slice(2)];

/** Runs it, and ends it where this process ends, even by SIGKILL. */
const run = async (argv: readonly string[]): Promise<number> =>
  await foreground(['setpriv', '--pdeathsig=TERM', '--', ...argv], process.env);

const quietly = promisify(execFile);

const isKept = (): boolean => runningNames().includes(kept);

/** @throws WalkthroughError where no environment was kept; what one that was killed has left is removed */
async function requireKept(): Promise<void> {
  if (isKept()) return;
  await quietly(azure[0]!, [...azure.slice(1), 'down', `--name=${kept}`, '--purge']).catch(() => {});
  throw new WalkthroughError(
    'NothingKept',
    'no environment of a walkthrough runs',
    'keep one: npm run walkthrough -- --keep',
  );
}

/** Starts the emulator that stays. @throws WalkthroughError with its own words where it does not */
async function start(flags: readonly string[]): Promise<void> {
  try {
    await quietly(azure[0]!, [...azure.slice(1), 'up', `--name=${kept}`, ...flags]);
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    throw new WalkthroughError('NotStarted', stderr?.trim() ?? String(error), 'mend what it says, then try again', {
      cause: error,
    });
  }
}

/** @returns the exit code */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), say);
  const { steps } = await storyOf(options);
  if (options.list) {
    say(`${listSteps(steps)}\n`);
    return 0;
  }
  if (options.check) {
    await Promise.all([checkGo(), checkRealNodes()]);
    say('This machine can have a walkthrough.\n');
    return 0;
  }
  if (options.enter || options.end || options.from !== undefined) await requireKept();
  if (options.enter) return await run([...azure, 'exec', `--name=${kept}`, '--', ...inside]);
  if (options.end) return await run([...azure, 'down', `--name=${kept}`, '--purge']);
  const joined = [...azure, 'exec', `--name=${kept}`, '--login', '--', ...inside];
  if (options.from !== undefined) {
    stepNamed(steps, options.from);
    return await run(joined);
  }
  const flags = emulatorFlags(await prepare(tell, options));
  if (options.prepare) return 0;
  const whole = [...azure, 'run', ...flags, '--login', '--', ...inside];
  if (options.killAt !== undefined) {
    const ended = await runUntil(whole, options.killAt);
    if (ended === 'killed') process.kill(process.pid, 'SIGKILL');
    return Number(ended);
  }
  if (!options.keep) return await run(whole);
  if (isKept())
    throw new WalkthroughError(
      'Kept',
      'an environment that was kept runs already',
      'go on in it with --from, or end it: npm run walkthrough -- --end',
    );
  await start(flags);
  const ended = await run(joined);
  say(keptPage);
  return ended;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (error instanceof WalkthroughError || error instanceof LabError) {
    tell(error.message);
    tell(error.remedy);
    process.exitCode = 1;
  } else throw error;
}
