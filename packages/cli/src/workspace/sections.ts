import type { Assessment } from '@kaito/diagnosis';
import { age, elapsed } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { printable } from '../terminal/terminal.ts';

/** A part of a description under its title, indented; empty where there is nothing in it. */
export function section(title: string, style: Style, count: number, text: () => string): string {
  return count === 0 ? '' : `\n${style.bold(title)}\n${text().replaceAll(/^(?=.)/gm, '  ')}`;
}

/** What a person should look at first, and what mends it. */
export function rootCauseSection({ rootCause }: Assessment, style: Style): string {
  if (rootCause == null) return '';
  const remedy = rootCause.remedy == null ? '' : `  ${style.dim('fix')} ${printable(rootCause.remedy)}\n`;
  return `\n${style.bold('Root cause')}\n  ${printable(rootCause.message)} ${style.dim(`[${rootCause.code}]`)}\n${remedy}`;
}

/** The phases with how long they took. */
export function phasesSection({ phases }: Assessment, style: Style): string {
  return section('Phases', style, phases.length, () =>
    table(phases, [
      { header: 'PHASE', value: ({ name }) => name },
      { header: 'STATE', value: ({ state }) => state },
      { header: 'TOOK', value: ({ seconds }) => (seconds == null ? '' : elapsed(seconds)), align: 'right' },
      {
        header: 'EXPECTED',
        value: ({ expectedSeconds }) => (expectedSeconds == null ? '' : elapsed(expectedSeconds)),
        align: 'right',
      },
      { header: 'DETAIL', value: ({ detail }) => printable(detail ?? '') },
    ]),
  );
}

/** The conditions; `now` in ms. */
export function conditionsSection({ conditions }: Assessment, now: number, style: Style): string {
  return section('Conditions', style, conditions.length, () =>
    table(conditions, [
      { header: 'TYPE', value: ({ type }) => type },
      { header: 'STATUS', value: ({ status }) => status },
      { header: 'SINCE', value: ({ lastTransitionTime }) => age(lastTransitionTime, now) },
      { header: 'REASON', value: ({ reason }) => reason },
      { header: 'MESSAGE', value: ({ message }) => printable(message) },
    ]),
  );
}
