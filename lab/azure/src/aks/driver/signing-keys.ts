import type { Client } from '@kaito/kube';
import type { JsonObject } from '../../store/store.ts';

/**
 * The key set by which an API server's ServiceAccount tokens are verified. It is asked for by its own media type: the API server answers 406 to
 * who wants plain JSON.
 *
 * @throws ApiError, ConnectionError where it cannot be had
 */
export async function signingKeysOf(client: Client): Promise<JsonObject> {
  const accept = 'application/jwk-set+json';
  return (await client.raw('GET', '/openid/v1/jwks', undefined, { accept, timeoutMs: 10_000 })) as JsonObject;
}
