import { ManualClock } from '@kaito/kube/testing';
import { beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../store/store.ts';
import { type TokenIssuer, signToken, signWithPublicKey, tokenIssuer } from '../testing/assertions.ts';
import { checkAssertion } from './assertion.ts';
import type { Issuers } from './issuers.ts';

const clock = new ManualClock('2026-01-01T00:00:00Z');
const now = clock.now().getTime() / 1000;
const issuer = 'https://oidc.example/cluster/';
const subject = 'system:serviceaccount:kube-system:kaito-gpu-provisioner';
const audience = 'api://AzureADTokenExchange';
const credentials = [{ issuer, subject, audiences: [audience] }];

let rsa: TokenIssuer;
let ec: TokenIssuer;
let stranger: TokenIssuer;
beforeAll(() => {
  rsa = tokenIssuer('RS256', 'rsa');
  ec = tokenIssuer('ES256', 'ec');
  stranger = tokenIssuer('RS256', 'rsa');
});

const good: JsonObject = { iss: issuer, sub: subject, aud: [audience], iat: now, nbf: now, exp: now + 3600 };

function issuers(): Issuers {
  return {
    add: () => {},
    keys: (asked) =>
      asked === issuer ? Promise.resolve([rsa.jwk, ec.jwk]) : Promise.reject(new Error(`${asked} does not answer`)),
  };
}

const check = (token: string, given = credentials): Promise<void> => checkAssertion(token, given, issuers(), clock);
const code = async (token: string, given = credentials): Promise<unknown> => {
  try {
    await check(token, given);
    return 'accepted';
  } catch (error) {
    return (error as { readonly code: unknown }).code;
  }
};

test('a token that the issuer signed is accepted, with either algorithm, and within the clocks’ difference', async () => {
  expect(await code(signToken(rsa, good))).toBe('accepted');
  expect(await code(signToken(ec, good))).toBe('accepted');
  expect(await code(signToken(rsa, { ...good, aud: audience }))).toBe('accepted');
  expect(await code(signToken(rsa, { ...good, nbf: now + 299 }))).toBe('accepted');
  expect(await code(signToken(rsa, { ...good, exp: now - 299 }))).toBe('accepted');
});

test.each<[string, JsonObject, number]>([
  ['issuer', { iss: 'https://elsewhere.example/' }, 700_211],
  ['issuer without its slash', { iss: issuer.slice(0, -1) }, 700_211],
  ['subject', { sub: 'system:serviceaccount:default:default' }, 700_213],
  ['subject in other letters', { sub: subject.toUpperCase() }, 700_213],
  ['audience', { aud: ['api://other'] }, 700_212],
  ['time that is over', { exp: now - 301 }, 700_024],
  ['time that is to come', { nbf: now + 301 }, 700_024],
  ['time that is no number', { exp: 'never' }, 700_024],
  ['end that is missing', { exp: undefined }, 700_024],
])('a wrong %s is named', async (_, claims, expected) => {
  expect(await code(signToken(rsa, { ...good, ...claims }))).toBe(expected);
});

test('what others signed is refused', async () => {
  expect(await code(signToken(stranger, good))).toBe(700_027);
  expect(await code(signWithPublicKey(rsa, good))).toBe(700_027);
  const [, claims] = signToken(rsa, good).split('.') as [string, string];
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  expect(await code(`${none}.${claims}.AA`)).toBe(700_027);
  // The key of one algorithm under the name of another.
  expect(await code(signToken(ec, good, { kid: 'rsa' }))).toBe(700_027);
  expect(await code(signToken(rsa, good, { alg: 'ES256' }))).toBe(700_027);
  const [header, body, signature] = signToken(rsa, good).split('.') as [string, string, string];
  const other = Buffer.from(JSON.stringify({ ...good, jti: 'x' })).toString('base64url');
  expect(await code(`${header}.${other}.${signature}`)).toBe(700_027);
  expect(await code(`${header}.${body}.`)).toBe(50_027);
  expect(await code('no token')).toBe(50_027);
});

test('without any federated credential that is what is said, and an issuer that is silent is named', async () => {
  expect(await code(signToken(rsa, good), [])).toBe(70_021);
  const silent = { ...credentials[0]!, issuer: 'https://silent.example/' };
  expect(await code(signToken(rsa, { ...good, iss: silent.issuer }), [silent])).toBe(50_166);
});
