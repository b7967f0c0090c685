import { objectOf, parseJson } from '../json.ts';

/**
 * The claims (JSON) that a `WWW-Authenticate` header asks a new token to have: `Bearer …, error="insufficient_claims", claims="BASE64"`.
 * Undefined where it asks for none.
 */
export function claimsOf(header: string | readonly string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(', ') : header;
  if (typeof text !== 'string') return undefined;
  const encoded = /\bclaims="?([\w+/=-]+)"?/i.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  const claims = Buffer.from(encoded.replaceAll('-', '+').replaceAll('_', '/'), 'base64').toString('utf8');
  return objectOf(parseJson(claims)) === undefined ? undefined : claims;
}
