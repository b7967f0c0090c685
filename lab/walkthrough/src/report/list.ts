import type { Step } from '../story/step.ts';

/** The numbered commands of a story, for `--list`. */
export function listSteps(steps: readonly Step[]): string {
  let chapter: string | undefined;
  const lines = steps.flatMap((step) => {
    const heading = step.chapter === chapter ? [] : [`${chapter === undefined ? '' : '\n'}${step.chapter}`];
    chapter = step.chapter;
    const [first, ...more] = step.command.split('\n');
    return [
      ...heading,
      `${String(step.number).padStart(4)}  ${first}${step.added ? '   # added by the walkthrough' : ''}`,
      ...more.map((line) => `      ${line}`),
    ];
  });
  return lines.join('\n');
}
