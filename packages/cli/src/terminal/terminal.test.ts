import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { printable, wantsColour } from './terminal.ts';

test('colour needs a terminal, and neither NO_COLOR nor TERM=dumb', () => {
  expect(wantsColour(true, {})).toBe(true);
  expect(wantsColour(false, {})).toBe(false);
  expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour(true, { NO_COLOR: '' })).toBe(true);
  expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
});

test('what could steer a terminal is dropped, text stays', () => {
  expect(printable('a\u001B[31mb\u001B[0m\tc\nd\u0007\u009B2J\r')).toBe('ab\tc\nd');
  assert(
    property(string({ unit: 'binary' }), (text) => {
      // oxlint-disable-next-line no-control-regex -- control characters are what must be gone
      expect(printable(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u);
    }),
  );
});
