// The walkthrough itself, inside the emulator's namespaces: `inside.ts` with the arguments of `npm run walkthrough`.
import { join } from 'node:path';
import { systemClock } from '@kaito/kube';
import { foreground } from '@kaito/lab-azure';
import { writeIngressManifest } from './beyond/ingress.ts';
import { transcriptFile } from './environment/emulator.ts';
import { environmentInside } from './environment/inside.ts';
import { WalkthroughError } from './error.ts';
import { type Options, parseOptions, stepNamed } from './options.ts';
import { type Environment, runWalkthrough } from './run/walkthrough.ts';
import { storyOf } from './stories.ts';

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ending.abort());

try {
  const options = parseOptions(process.argv.slice(2), () => {});
  const environment = await environmentInside(process.env);
  process.exitCode = options.enter ? await enter(environment) : await tell(options, environment);
} catch (error) {
  if (!(error instanceof WalkthroughError)) throw error;
  process.stderr.write(`error: ${error.message}\n  ${error.remedy}\n`);
  process.exitCode = 1;
}

/** A terminal of the person's own, where the walkthrough's are. */
async function enter({ directory, variables }: Environment): Promise<number> {
  process.chdir(join(directory, 'home'));
  process.stdout.write(
    'This is the environment of the walkthrough: az, kubectl, helm and kaito are here. Leave it with exit.\n',
  );
  return await foreground(['bash', '--norc'], { ...variables, PS1: 'walkthrough:\\w\\$ ' });
}

async function tell(options: Options, environment: Environment): Promise<number> {
  const story = await storyOf(options);
  if (options.beyond) await writeIngressManifest(join(environment.directory, 'home'));
  const outcome = await runWalkthrough({
    environment,
    story,
    output: process.stdout,
    ...(options.step && { answers: process.stdin }),
    ...(options.from !== undefined && { from: stepNamed(story.steps, options.from) }),
    transcript: options.transcript ?? { file: transcriptFile, passedOnly: false },
    signal: ending.signal,
    clock: systemClock,
  });
  return { passed: 0, quit: 0, failed: 1, interrupted: 130 }[outcome.status];
}
