export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured logging. `fields` are printed as they are; an Error under `error` is printed with its causes. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A logger that adds `fields` to every line. */
  with(fields: Readonly<Record<string, unknown>>): Logger;
}

export const silentLogger: Logger = { log: () => {}, with: () => silentLogger };
