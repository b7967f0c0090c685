import { parseArgs } from 'node:util';

/** A flag or variable that cannot be used; one line for the person. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** The flags of a process, each read as what it is; every one throws SettingsError for a value that cannot be. */
export interface Flags<Name extends string> {
  text(name: Name): string | undefined;
  whole(name: Name, fallback: number, least: number, most: number): number;
  oneOf<T extends string>(name: Name, known: readonly T[], fallback: T): T;
  /** `true` or `false`. */
  yes(name: Name, fallback: boolean): boolean;
  /** Seconds from 0.1 to 3600. @returns ms */
  seconds(name: Name, fallback: number): number;
  /** From `1s` to `24h`. @returns ms */
  duration(name: Name, fallback: string): number;
}

/**
 * Reads `--name value` and `--name=value` of these names, and no others. `help`: only `--help` or `-h` was asked for.
 *
 * @throws SettingsError
 */
export function readFlags<Name extends string>(args: readonly string[], names: readonly Name[]): Flags<Name> | 'help' {
  const values = parse(args, names);
  if (values.get('help') === true) return 'help';
  const text = (name: Name): string | undefined => values.get(name) as string | undefined;

  function oneOf<T extends string>(name: Name, known: readonly T[], fallback: T): T {
    const value = text(name) ?? fallback;
    const found = known.find((each) => each === value);
    if (found !== undefined) return found;
    throw new SettingsError(`--${name} is "${value}"; write one of ${known.join(', ')}`);
  }

  return {
    text,
    oneOf,
    whole(name, fallback, least, most) {
      const value = text(name);
      if (value === undefined) return fallback;
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (number >= least && number <= most) return number;
      throw new SettingsError(`--${name} is "${value}"; write a whole number from ${least} to ${most}`);
    },
    yes: (name, fallback) => oneOf(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true',
    seconds(name, fallback) {
      const value = Number(text(name) ?? fallback);
      if (value >= 0.1 && value <= 3600) return Math.round(value * 1000);
      throw new SettingsError(`--${name} is "${text(name)}"; write seconds from 0.1 to 3600`);
    },
    duration(name, fallback) {
      const value = text(name) ?? fallback;
      const [, number, unit] = /^(\d+)(s|m|h)$/.exec(value) ?? [];
      const ms = Number(number) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'];
      if (ms >= 1_000 && ms <= 86_400_000) return ms;
      throw new SettingsError(`--${name} is "${value}"; write a duration from 1s to 24h, such as 15m`);
    },
  };
}

function parse(args: readonly string[], names: readonly string[]): ReadonlyMap<string, unknown> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }] as const));
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      strict: true,
      allowPositionals: false,
    });
    return new Map(Object.entries(values));
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)} (--help lists the options)`);
  }
}

/** The flags of leader election. */
export const leaseFlags = ['leader-elect', 'lease-duration', 'renew-deadline', 'retry-period'] as const;

/** Times of leader election, ms: 15, 10 and 2 s unless told otherwise. @throws SettingsError where one leader could act beside another */
export function leaseTimes(flags: Flags<(typeof leaseFlags)[number]>): {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
} {
  const times = {
    leaseDurationMs: flags.seconds('lease-duration', 15),
    renewDeadlineMs: flags.seconds('renew-deadline', 10),
    retryPeriodMs: flags.seconds('retry-period', 2),
  };
  if (times.leaseDurationMs > times.renewDeadlineMs && times.renewDeadlineMs > times.retryPeriodMs) return times;
  throw new SettingsError('--lease-duration must be longer than --renew-deadline, and that longer than --retry-period');
}
