// The walkthrough itself, inside the emulator's namespaces: `inside.ts` with the arguments of `npm run walkthrough`.
import { systemClock } from '@kaito/kube';
import { environmentInside } from './environment/inside.ts';
import { WalkthroughError } from './error.ts';
import { parseOptions, stepNamed } from './options.ts';
import { runWalkthrough } from './run/walkthrough.ts';
import { seedStory } from './seed/seed.ts';

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ending.abort());

try {
  const options = parseOptions(process.argv.slice(2), () => {});
  const story = await seedStory();
  const outcome = await runWalkthrough({
    environment: await environmentInside(process.env),
    story,
    output: process.stdout,
    ...(options.step && { answers: process.stdin }),
    ...(options.from !== undefined && { from: stepNamed(story.steps, options.from) }),
    ...(options.transcript !== undefined && { transcript: options.transcript }),
    signal: ending.signal,
    clock: systemClock,
  });
  process.exitCode = { passed: 0, quit: 0, failed: 1, interrupted: 130 }[outcome.status];
} catch (error) {
  if (!(error instanceof WalkthroughError)) throw error;
  process.stderr.write(`error: ${error.message}\n  ${error.remedy}\n`);
  process.exitCode = 1;
}
