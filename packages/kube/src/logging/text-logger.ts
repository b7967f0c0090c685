import { inspect } from 'node:util';
import type { Logger, LogLevel } from '../logger.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];
export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

type Fields = Readonly<Record<string, unknown>>;

export interface TextLoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly write: (line: string) => void;
  readonly now: () => Date;
}

/**
 * One line for each message of at least `level`: for people `2026-01-31T12:00:00.000Z INFO  message key=value`, or JSON. Errors are told with
 * their causes; their stacks only at the level `debug`.
 */
export function createTextLogger(options: TextLoggerOptions, fields: Fields = {}): Logger {
  const least = logLevels.indexOf(options.level);
  return {
    log(level, message, more = {}) {
      if (logLevels.indexOf(level) < least) return;
      const time = options.now().toISOString();
      const all = { ...fields, ...more };
      options.write(
        options.format === 'json' ? json(time, level, message, all) : text(time, level, message, all, least === 0),
      );
    },
    with: (more) => createTextLogger(options, { ...fields, ...more }),
  };
}

function json(time: string, level: LogLevel, message: string, fields: Fields): string {
  const plain = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? words(value) : value]),
  );
  return JSON.stringify({ time, level, message, ...plain });
}

function text(time: string, level: LogLevel, message: string, fields: Fields, stacks: boolean): string {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${shown(value)}`);
  const stack = stacks && fields['error'] instanceof Error ? `\n${fields['error'].stack}` : '';
  return `${time} ${level.toUpperCase().padEnd(5)} ${message}${pairs.join('')}${stack}`;
}

function shown(value: unknown): string {
  const plain =
    value instanceof Error
      ? words(value)
      : typeof value === 'string'
        ? value
        : inspect(value, { breakLength: Infinity });
  return /[\s="]/.test(plain) || plain === '' ? JSON.stringify(plain) : plain;
}

function words(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${words(error.cause)}` : error.message;
}
