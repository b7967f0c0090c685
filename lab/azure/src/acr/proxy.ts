import { Agent, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { registryUnavailable } from './registry-error.ts';

/** Headers that are of one connection (RFC 9110, 7.6.1), or that are for us alone. */
const ours = new Set([
  'host',
  'authorization',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'upgrade',
  'trailer',
  'expect',
]);

export interface ForwardOptions {
  /** What the answer's body goes through. */
  readonly change?: Transform | undefined;
  /** Further headers of the answer. */
  readonly headersFor?: (answer: IncomingMessage) => Promise<Readonly<Record<string, string>>>;
}

/** Carries requests to the registries on this machine and their answers back, as they come: nothing is held. */
export class Proxy {
  readonly #agent = new Agent({ keepAlive: true });

  close(): void {
    this.#agent.destroy();
  }

  /**
   * @param address `127.0.0.1:PORT`
   * @param path with its query
   * @throws RegistryError where the registry does not answer
   */
  async forward(
    request: IncomingMessage,
    response: ServerResponse,
    address: string,
    path: string,
    { change, headersFor }: ForwardOptions = {},
  ): Promise<void> {
    const [host, port] = address.split(':') as [string, string];
    const headers = { ...keep(request.headers), ...framing(request) };
    const outgoing = send({ host, port, path, method: request.method, headers, agent: this.#agent });
    const gone = (): unknown => outgoing.destroy();
    response.once('close', gone);
    const answering = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
    });
    const sending = pipeline(request, outgoing);
    // A registry may answer, and stop listening, before it has everything.
    sending.catch(() => {});
    let answer: IncomingMessage;
    try {
      answer = await answering;
    } catch (error) {
      if (response.destroyed) return;
      throw registryUnavailable((error as Error).message);
    }
    const more = await headersFor?.(answer);
    response.writeHead(answer.statusCode ?? 502, { ...keep(answer.headers), ...more });
    const stages = change === undefined ? [answer, response] : [answer, change, response];
    try {
      await pipeline(stages);
    } catch {
      // Either side broke off; so does the other.
      response.destroy();
    }
  }
}

function keep(headers: IncomingMessage['headers']): NodeJS.Dict<string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.has(name)));
}

/** A body of unknown length stays one. */
function framing({ headers }: IncomingMessage): NodeJS.Dict<string> {
  const encoding = headers['transfer-encoding'];
  return encoding === undefined ? {} : { 'transfer-encoding': encoding };
}
