import { stripVTControlCharacters } from 'node:util';

export interface Column<T> {
  readonly header: string;
  readonly value: (row: T) => string;
  /** Figures stand right. */
  readonly align?: 'right';
}

const width = (text: string) => [...stripVTControlCharacters(text)].length;

/**
 * A table as kubectl prints one: a header line in capitals, columns as wide as their widest cell, three spaces between, no trailing
 * blanks. Ends with a newline. Colours in cells do not count for the width.
 */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const lines = [columns.map(({ header }) => header), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => width(line[index] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, index) => {
          const blanks = ' '.repeat((widths[index] ?? 0) - width(cell));
          return columns[index]?.align === 'right' ? blanks + cell : cell + blanks;
        })
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** `name: value` lines with the values in one column, indented by `indent` blanks; entries without a value are left out. */
export function fields(entries: readonly (readonly [name: string, value: string | undefined])[], indent = 0): string {
  const present = entries.filter((entry): entry is readonly [string, string] => entry[1] != null);
  const widest = Math.max(0, ...present.map(([name]) => width(name)));
  const prefix = ' '.repeat(indent);
  const hanging = `\n${prefix}${' '.repeat(widest + 3)}`;
  return present
    .map(
      ([name, value]) => `${prefix}${name}:${' '.repeat(widest - width(name) + 2)}${value.replaceAll('\n', hanging)}`,
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
