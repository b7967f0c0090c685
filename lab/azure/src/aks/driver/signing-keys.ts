import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json, text } from 'node:stream/consumers';
import type { ClusterConfig } from '@kaito/kube';
import type { JsonObject } from '../../store/store.ts';

/**
 * The key set by which an API server's ServiceAccount tokens are verified. It is asked for by its own media type: the API server answers 406 to
 * who wants plain JSON.
 *
 * @throws Error where it cannot be had
 */
export async function signingKeysOf(config: ClusterConfig): Promise<JsonObject> {
  const { certificate, key, token } = await config.credentials.current();
  const sent = request(`${config.server}/openid/v1/jwks`, {
    ca: config.authorities(),
    cert: certificate,
    key,
    headers: {
      accept: 'application/jwk-set+json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(10_000),
  }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200)
    throw new Error(`${config.server} answered ${answer.statusCode}: ${await text(answer)}`);
  return (await json(answer)) as JsonObject;
}
