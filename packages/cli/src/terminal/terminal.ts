import { stripVTControlCharacters } from 'node:util';
import { type Style, styleFor } from './style.ts';

/** The streams a command reads and writes: data goes to `out`, everything said about the work to `err`. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes data to standard output, as given. */
  out(text: string): void;
  /** Writes a remark, progress or an error to standard error, as given. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  /** Columns of the terminal; 110 where there is none. */
  readonly columns: number;
  readonly outStyle: Style;
  readonly errStyle: Style;
}

/** Whether a stream gets colour: only a terminal does, never under `NO_COLOR` (no-color.org) or `TERM=dumb`. */
export function wantsColour(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['NO_COLOR'] != null && env['NO_COLOR'] !== '') return false;
  return isTerminal && env['TERM'] !== 'dumb';
}

/** The process's own streams as a Terminal. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    env,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    inIsTerminal: stdin.isTTY === true,
    get columns() {
      return stderr.columns ?? stdout.columns ?? 110;
    },
    outStyle: styleFor(wantsColour(stdout.isTTY === true, env)),
    errStyle: styleFor(wantsColour(stderr.isTTY === true, env)),
  };
}

/**
 * Text that cannot steer a terminal: escape sequences and control characters are dropped, tab and newline stay. For whatever was
 * written elsewhere: file content in messages, logs, a model's answer.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, '');
}
