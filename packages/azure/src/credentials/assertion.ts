import { objectOf, parseJson, textOf } from '../json.ts';

/** What a token says of itself; read to tell people, and never to decide anything. */
export interface AssertionClaims {
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly audiences: readonly string[];
  /** ms since 1970. */
  readonly expiresAt: number | undefined;
}

/** The claims of a JSON web token, unverified. Undefined where it is none. */
export function assertionClaims(token: string): AssertionClaims | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  const claims = objectOf(parseJson(Buffer.from(payload, 'base64url').toString('utf8')));
  if (claims === undefined) return undefined;
  const { aud, exp } = claims;
  return {
    issuer: textOf(claims['iss']),
    subject: textOf(claims['sub']),
    audiences: (Array.isArray(aud) ? (aud as readonly unknown[]) : [aud]).filter((one) => typeof one === 'string'),
    expiresAt: typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined,
  };
}
