import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { StreamingClient } from '../client/api-client.ts';
import { apiError } from '../client/api-error.ts';
import { WireError } from '../client/exchange.ts';

const handshakeMs = 30_000;

/**
 * A WebSocket to `path` of the API server, paused so that no message is lost before the caller listens (`resume`).
 * @throws ApiError where the server refuses the upgrade, ConnectionError, or the signal's reason
 */
export async function openWebSocket(
  client: StreamingClient,
  path: string,
  protocol: string,
  signal?: AbortSignal,
): Promise<WebSocket> {
  const { WebSocket } = await import('ws');
  return await client.connect(
    path,
    ({ url, agent, headers }) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url, protocol, { agent, headers, handshakeTimeout: handshakeMs });
        const abort = () => {
          reject(signal?.reason as Error);
          socket.terminate();
        };
        signal?.addEventListener('abort', abort, { once: true });
        const settled = () => signal?.removeEventListener('abort', abort);
        socket.once('open', () => {
          settled();
          socket.pause();
          resolve(socket);
        });
        // Stays: an error without a listener would end the process.
        socket.on('error', (error) => {
          settled();
          reject(new WireError(error, false));
        });
        socket.once('unexpected-response', (_, response) => {
          settled();
          refusalOf(response).then(reject, reject);
        });
      }),
    signal,
  );
}

async function refusalOf(response: IncomingMessage): Promise<Error> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return apiError(response.statusCode ?? 0, text, 'connect', response.headers['retry-after']);
}
