import { type JsonWebKey, type KeyObject, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonObject } from '../store/store.ts';

/** Someone who issues tokens. */
export interface TokenIssuer {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256';
  readonly privateKey: KeyObject;
  readonly jwk: JsonWebKey;
}

export function tokenIssuer(alg: 'RS256' | 'ES256' = 'RS256', kid = 'key-1'): TokenIssuer {
  const { privateKey, publicKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg } };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signToken(issuer: TokenIssuer, claims: JsonObject, header: JsonObject = {}): string {
  const signed = `${encode({ alg: issuer.alg, kid: issuer.kid, ...header })}.${encode(claims)}`;
  const key = { key: issuer.privateKey, dsaEncoding: 'ieee-p1363' as const };
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** The old forgery: the issuer's public key taken for a shared secret. */
export function signWithPublicKey(issuer: TokenIssuer, claims: JsonObject): string {
  const signed = `${encode({ alg: 'HS256', kid: issuer.kid })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', JSON.stringify(issuer.jwk)).update(signed).digest('base64url')}`;
}
