import { ManualClock } from '@kaito/kube/testing';
import { describe, expect, test } from 'vitest';
import { openSigningKey } from '../entra/signing-keys.ts';
import { openStore } from '../store/sqlite-store.ts';
import { createTokens } from './tokens.ts';

const access = [{ type: 'repository', name: 'app', actions: ['pull'] }];
const key = openSigningKey(openStore(undefined).table('keys'));

describe('tokens', () => {
  test('are good at their own host, for their own purpose, until they expire', () => {
    const clock = new ManualClock();
    const tokens = createTokens(key, clock);
    const refresh = tokens.refresh('a.azurecr.io', 'someone', 'tenant');
    const token = tokens.access('a.azurecr.io', 'someone', access);
    expect(tokens.readRefresh('a.azurecr.io', refresh)).toBe('someone');
    expect(tokens.readAccess('a.azurecr.io', token)).toEqual(access);
    expect(tokens.readRefresh('b.azurecr.io', refresh)).toBeUndefined();
    expect(tokens.readAccess('b.azurecr.io', token)).toBeUndefined();
    expect(tokens.readAccess('a.azurecr.io', refresh)).toBeUndefined();
    expect(tokens.readRefresh('a.azurecr.io', token)).toBeUndefined();
    clock.advance(75 * 60_000);
    expect(tokens.readAccess('a.azurecr.io', token)).toBeUndefined();
    expect(tokens.readRefresh('a.azurecr.io', refresh)).toBe('someone');
    clock.advance(2 * 3_600_000);
    expect(tokens.readRefresh('a.azurecr.io', refresh)).toBeUndefined();
  });

  test('of another signer, changed or of no form are none', () => {
    const tokens = createTokens(key, new ManualClock());
    const forger = createTokens(openSigningKey(openStore(undefined).table('keys')), new ManualClock());
    const [header, claims = '', signature] = tokens.access('a.azurecr.io', 'someone', access).split('.');
    const more = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { access: { Actions: string[] }[] };
    more.access[0]?.Actions.push('push');
    const changed = [header, Buffer.from(JSON.stringify(more)).toString('base64url'), signature].join('.');
    const none = [Buffer.from('{"alg":"none"}').toString('base64url'), claims, ''].join('.');
    for (const token of [forger.access('a.azurecr.io', 'someone', access), changed, none, 'nonsense', '']) {
      expect(tokens.readAccess('a.azurecr.io', token)).toBeUndefined();
    }
  });
});
