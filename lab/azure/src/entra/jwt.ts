import { type JsonWebKey, type KeyObject, createPublicKey, sign, verify } from 'node:crypto';
import type { JsonObject } from '../store/store.ts';

/** A JSON Web Token, taken apart; nothing about it is checked. */
export interface Jwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Undefined where it is no compact JWS with JSON objects in it. */
export function readJwt(token: string): Jwt | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some((part) => !/^[A-Za-z0-9_-]+$/.test(part))) return undefined;
  const [header, claims, signature] = parts as [string, string, string];
  try {
    const [head, body] = [header, claims].map(
      (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as unknown,
    );
    if (!isObject(head) || !isObject(body)) return undefined;
    return {
      header: head,
      claims: body,
      signed: `${header}.${claims}`,
      signature: Buffer.from(signature, 'base64url'),
    };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Signs with RS256. */
export function signJwt(key: KeyObject, kid: string, claims: JsonObject): string {
  const signed = `${encode({ typ: 'JWT', alg: 'RS256', x5t: kid, kid })}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** Algorithms that Entra takes, with the only kind of key that may sign so: an assertion cannot choose a weaker one. */
const algorithms: Readonly<Record<string, { readonly keyType: string; readonly hash: string }>> = {
  RS256: { keyType: 'rsa', hash: 'sha256' },
  ES256: { keyType: 'ec', hash: 'sha256' },
};

/** Whether one of the keys signed it. Where the token names its key, only that one counts. */
export function verifyJwt(jwt: Jwt, keys: readonly JsonWebKey[]): boolean {
  const algorithm = algorithms[String(jwt.header['alg'])];
  if (algorithm === undefined) return false;
  const { kid } = jwt.header;
  return keys
    .filter((key) => (kid === undefined || key['kid'] === kid) && (key['use'] === undefined || key['use'] === 'sig'))
    .some((jwk) => {
      try {
        const key = createPublicKey({ key: jwk, format: 'jwk' });
        if (key.asymmetricKeyType !== algorithm.keyType) return false;
        return verify(algorithm.hash, Buffer.from(jwt.signed), { key, dsaEncoding: 'ieee-p1363' }, jwt.signature);
      } catch {
        return false;
      }
    });
}
