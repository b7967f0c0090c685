/** A command line that the program it stands in for would refuse, or that the stand-in has no answer to. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

/** Reads one value. @throws LaunchError that says what it must be. */
export type Reader<T> = (value: string) => T;

/** A flag that may be left out has what it then means. */
export interface Flag<T> {
  readonly read: Reader<T>;
  readonly fallback?: T;
}

type Values<Flags extends Readonly<Record<string, Flag<unknown>>>> = {
  readonly [Name in keyof Flags]: Flags[Name] extends Flag<infer Value> ? Value : never;
};

/**
 * Reads words of the form `--name=value`, which is how KAITO writes them. Nothing is passed over: an unknown flag, one given twice, one that
 * is missing and a word that is no flag are each refused by name.
 *
 * @throws LaunchError with the first fault.
 */
export function readFlags<Flags extends Readonly<Record<string, Flag<unknown>>>>(
  program: string,
  words: readonly string[],
  flags: Flags,
): Values<Flags> {
  const given = new Map<string, unknown>();
  for (const word of words) {
    const [, name, value] = /^--([\w-]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined) {
      throw new LaunchError(`${program}: "${word}" is not of the form --name=value`);
    }
    if (!Object.hasOwn(flags, name)) {
      throw new LaunchError(`${program}: unknown flag --${name}; known are --${Object.keys(flags).join(', --')}`);
    }
    if (given.has(name)) throw new LaunchError(`${program}: --${name} is given twice`);
    given.set(
      name,
      within(`${program}: --${name}`, () => flags[name]!.read(value)),
    );
  }
  for (const [name, flag] of Object.entries(flags)) {
    if (given.has(name)) continue;
    if (!('fallback' in flag)) throw new LaunchError(`${program}: --${name} is missing`);
    given.set(name, flag.fallback);
  }
  return Object.fromEntries(given) as Values<Flags>;
}

/** Splits a launcher's words at the Python script it is to start. @throws LaunchError where there is none. */
export function splitAtScript(
  program: string,
  words: readonly string[],
): { readonly own: readonly string[]; readonly script: string; readonly rest: readonly string[] } {
  const at = words.findIndex((word) => !word.startsWith('-'));
  const script = words[at];
  if (script === undefined) throw new LaunchError(`${program}: no script to start`);
  return { own: words.slice(0, at), script, rest: words.slice(at + 1) };
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Reader<number> {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new LaunchError(`must be a whole number from ${least} to ${most}, not "${value}"`);
  };
}

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Reader<Choice> {
  return (value) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new LaunchError(`must be ${choices.join(' or ')} here, not "${value}"`);
  };
}

export const text: Reader<string> = (value) => {
  if (value !== '') return value;
  throw new LaunchError('must not be empty');
};

function within<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof LaunchError ? new LaunchError(`${what} ${error.message}`) : error;
  }
}
