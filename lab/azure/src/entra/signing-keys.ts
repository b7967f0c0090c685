import {
  type JsonWebKey,
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
} from 'node:crypto';
import type { Table } from '../store/store.ts';

/** The key by which access tokens are signed. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As the key document shows it. */
  readonly jwk: JsonWebKey;
}

/** Opens the key kept in `table`; makes it where there is none. */
export function openSigningKey(table: Table<{ readonly pem: string }>): SigningKey {
  const kept = table.get('signing') ?? {
    pem: generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  };
  table.put('signing', kept);
  const privateKey = createPrivateKey(kept.pem);
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  const kid = createHash('sha256')
    .update(JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n }))
    .digest('base64url')
    .slice(0, 27);
  return { kid, privateKey, jwk: { ...jwk, kid, use: 'sig', alg: 'RS256' } };
}
