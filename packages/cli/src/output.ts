import { usage } from './failure.ts';
import type { Terminal } from './terminal/terminal.ts';

export type Format = 'json' | 'yaml' | 'wide' | 'name';

/** Writes `value` as JSON (two blanks of indentation) or YAML to standard output. */
export async function writeData(terminal: Terminal, format: 'json' | 'yaml', value: unknown): Promise<void> {
  if (format === 'json') {
    terminal.out(`${JSON.stringify(value, null, 2)}\n`);
    return;
  }
  const { stringify } = await import('yaml');
  // Through JSON: absent fields vanish, and shared objects become no YAML anchors.
  terminal.out(stringify(JSON.parse(JSON.stringify(value)), { lineWidth: 0, aliasDuplicateObjects: false }));
}

/** True for the formats that are data. */
export function isData(format: Format | undefined): format is 'json' | 'yaml' {
  return format === 'json' || format === 'yaml';
}

/** Kubernetes' `List`, the form in which kubectl prints several objects. */
export function list(items: readonly unknown[]): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'List', items, metadata: { resourceVersion: '' } };
}

/** A whole number of at least `least`, from a flag's text. Throws a usage Failure. */
export function wholeNumber(
  flag: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
      throw usage(
        `${flag} takes a whole number ${range}, not '${text}'.`,
        `Give a number, e.g. ${flag} ${Math.max(least, 1)}.`,
      );
    }
    return value;
  };
}

/** A decimal number between `least` and `most`, from a flag's text. Throws a usage Failure. */
export function decimal(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw usage(
        `${flag} takes a number from ${least} to ${most}, not '${text}'.`,
        `Give a number, e.g. ${flag} ${least}.`,
      );
    }
    return value;
  };
}

/** Seconds, from a flag like `90`, `90s`, `10m` or `1h`. Throws a usage Failure. */
export function timeSpan(flag: string): (text: string) => number {
  const unit: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600 };
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text);
    if (match == null)
      throw usage(
        `${flag} takes a length of time, not '${text}'.`,
        `Give e.g. ${flag} 90s, ${flag} 10m or ${flag} 1h.`,
      );
    return Number(match[1]) * (unit[match[2] ?? ''] ?? 1);
  };
}
