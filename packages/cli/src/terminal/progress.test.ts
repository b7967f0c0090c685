import { expect, test } from 'vitest';
import { progressOn } from './progress.ts';
import { recording } from './recording.ts';

test('where there is no terminal, a line is written when the step changes and then every five seconds', () => {
  const terminal = recording();
  let now = 0;
  const progress = progressOn(terminal, { quiet: false, now: () => now });
  progress.update('fetch', '1 %');
  now = 4999;
  progress.update('fetch', '50 %');
  now = 5000;
  progress.update('fetch', '51 %');
  progress.update('load', 'loading');
  progress.end();
  expect(terminal.written).toEqual({ out: '', err: '1 %\n51 %\nloading\n' });
});

test('a line that does not change is not repeated', () => {
  const terminal = recording();
  let now = 0;
  const progress = progressOn(terminal, { quiet: false, now: () => now });
  progress.update('wait', 'waiting');
  now = 60_000;
  progress.update('wait', 'waiting');
  expect(terminal.written.err).toBe('waiting\n');
});

test('on a terminal one line is drawn over, cut to the width, wiped before a note and at the end', () => {
  const terminal = recording(true);
  let now = 0;
  const progress = progressOn(terminal, { quiet: false, now: () => now });
  progress.update('fetch', 'x'.repeat(100));
  progress.update('fetch', 'too soon');
  now = 100;
  progress.note('done');
  progress.update('load', 'loading');
  progress.end();
  expect(terminal.written.err).toBe(`\r\u001B[2K⠋ ${'x'.repeat(37)}\r\u001B[2Kdone\n\r\u001B[2K⠙ loading\r\u001B[2K`);
});

test('quiet shows nothing', () => {
  const terminal = recording(true);
  const progress = progressOn(terminal, { quiet: true, now: () => 0 });
  progress.update('fetch', '1 %');
  progress.note('done');
  progress.end();
  expect(terminal.written.err).toBe('');
});
