import { expect, test } from 'vitest';
import { Failure } from './failure.ts';
import { decimal, timeSpan, wholeNumber, writeData } from './output.ts';
import { recording } from './terminal/recording.ts';

test('whole numbers', () => {
  const port = wholeNumber('--port', 0, 65_535);
  expect(port('0')).toBe(0);
  expect(port('65535')).toBe(65_535);
  for (const text of ['65536', '-1', '1.5', '', 'x', '1e3', '9'.repeat(30)]) expect(() => port(text)).toThrow(Failure);
});

test('decimals', () => {
  const temperature = decimal('--temperature', 0, 2);
  expect(temperature('0.7')).toBe(0.7);
  for (const text of ['-0.1', '2.1', 'NaN', 'Infinity', '']) expect(() => temperature(text)).toThrow(Failure);
});

test('lengths of time', () => {
  const timeout = timeSpan('--timeout');
  expect([timeout('90'), timeout('90s'), timeout('1.5m'), timeout('1h')]).toEqual([90, 90, 90, 3600]);
  for (const text of ['', 'm', '10d', '-1s']) expect(() => timeout(text)).toThrow(Failure);
});

test('data is JSON or YAML, without absent fields and anchors', async () => {
  const shared = { a: 1 };
  const value = { one: shared, two: shared, none: undefined };
  const json = recording();
  await writeData(json, 'json', value);
  expect(JSON.parse(json.written.out)).toEqual({ one: { a: 1 }, two: { a: 1 } });
  const yaml = recording();
  await writeData(yaml, 'yaml', value);
  expect(yaml.written.out).toBe('one:\n  a: 1\ntwo:\n  a: 1\n');
});
