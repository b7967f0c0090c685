import { describe, expect, test } from 'vitest';
import { admits, anyNetwork, readNetworkRules } from './firewall.ts';

describe('network rules', () => {
  test('admit everyone, or the ranges that they name', () => {
    expect(admits(anyNetwork, '203.0.113.9')).toBe(true);
    const some = readNetworkRules({
      defaultAction: 'Deny',
      ipRules: [{ value: '10.1.0.0/16' }, { value: '192.0.2.7' }],
    });
    for (const [address, admitted] of [
      ['10.1.200.3', true],
      ['::ffff:10.1.200.3', true],
      ['10.2.0.1', false],
      ['192.0.2.7', true],
      ['192.0.2.8', false],
      ['::1', false],
    ] as const) {
      expect([address, admits(some, address)]).toEqual([address, admitted]);
    }
  });

  test.each([
    'x',
    {},
    { defaultAction: 'Deny', ipRules: [{ value: '10.0.0.0/33' }] },
    { defaultAction: 'Deny', ipRules: [{ value: '::1' }] },
    { defaultAction: 'Deny', ipRules: [{ value: '10.0.0.1', action: 'Deny' }] },
    { defaultAction: 'Deny', virtualNetworkRules: [{ id: 'x' }] },
    { defaultAction: 'Allow', more: 1 },
  ])('%j are none', (given) => {
    expect(() => readNetworkRules(given as never)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
