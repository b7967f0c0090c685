import { expect, test } from 'vitest';
import type { LogLevel } from '../logger.ts';
import { createTextLogger, type LogFormat } from './text-logger.ts';

const now = (): Date => new Date('2026-01-31T12:00:00Z');

function recorded(level: LogLevel, format: LogFormat) {
  const lines: string[] = [];
  return { lines, logger: createTextLogger({ level, format, write: (line) => void lines.push(line), now }) };
}

const failure = new Error('cannot read', { cause: new Error('no such file') });

test('a line for people: padded level, what a field holds, quoted where it has blanks, errors with their causes', () => {
  const { lines, logger } = recorded('info', 'text');
  logger.with({ pool: 'ws0' }).log('info', 'made', { count: 2, note: 'as asked', none: '', labels: { a: ['b'] } });
  logger.log('warn', 'tried again', { error: failure });
  logger.log('debug', 'not shown');
  expect(lines).toEqual([
    `2026-01-31T12:00:00.000Z INFO  made pool=ws0 count=2 note="as asked" none="" labels="{ a: [ 'b' ] }"`,
    '2026-01-31T12:00:00.000Z WARN  tried again error="cannot read: no such file"',
  ]);
});

test('JSON, an object a line', () => {
  const { lines, logger } = recorded('warn', 'json');
  logger.log('error', 'failed', { error: failure, count: 2 });
  logger.log('info', 'not shown');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      time: '2026-01-31T12:00:00.000Z',
      level: 'error',
      message: 'failed',
      error: 'cannot read: no such file',
      count: 2,
    },
  ]);
});

test('stacks at the level debug alone', () => {
  const { lines, logger } = recorded('debug', 'text');
  logger.log('error', 'failed', { error: failure });
  expect(lines[0]).toContain(`error="cannot read: no such file"\n${failure.stack}`);
});
