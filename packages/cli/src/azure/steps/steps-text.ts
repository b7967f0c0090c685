import type { Style } from '../../terminal/style.ts';
import { fields } from '../../terminal/table.ts';
import { printable } from '../../terminal/terminal.ts';
import type { StepResult } from './step.ts';

/** Steps as lines: ✓ is so, + would be done, ! by hand, ✗ failed; under each that is not so yet the commands that come to the same. */
export function stepsText(steps: readonly StepResult[], style: Style): string {
  const mark = {
    already: style.green('✓'),
    done: style.green('✓'),
    would: style.cyan('+'),
    'by hand': style.yellow('!'),
    failed: style.red('✗'),
    'not done': style.dim('-'),
  };
  return fields(
    steps.map(({ name, state, says, commands, warning }) => [
      `${mark[state]} ${name}`,
      [
        printable(state === 'already' ? `already so: ${says}` : says),
        ...(warning == null ? [] : [`${style.yellow('warning')} ${printable(warning)}`]),
        ...(state === 'already' ? [] : commands.map((command) => style.dim(`$ ${printable(command)}`))),
      ].join('\n'),
    ]),
  );
}
