import { expect, test } from 'vitest';
import { addressPool } from './addresses.ts';

test('a Service keeps its address, and nobody else gets it', () => {
  const pool = addressPool('203.0.113');
  expect(pool.take('a')).toBe('203.0.113.1');
  expect(pool.take('b')).toBe('203.0.113.2');
  expect(pool.take('a')).toBe('203.0.113.1');
  expect(pool.take('c', '203.0.113.9')).toBe('203.0.113.9');
  expect(pool.take('d', '203.0.113.9')).toBe('203.0.113.3');
  expect(pool.take('e', '198.51.100.1')).toBe('203.0.113.4');
  pool.give('a');
  expect(pool.take('f')).toBe('203.0.113.1');
});

test('when all are taken it says so', () => {
  const pool = addressPool('203.0.113');
  for (let index = 0; index < 254; index += 1) pool.take(String(index));
  expect(() => pool.take('one more')).toThrow('all addresses of 203.0.113.0/24 are taken');
});
