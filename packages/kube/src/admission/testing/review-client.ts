import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { KubeObject } from '../../object.ts';

/** The response of an AdmissionReview, as far as tests look at it. */
export interface Reviewed {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly causes?: readonly { readonly reason: string; readonly field?: string }[] };
  };
  readonly warnings?: readonly string[];
  readonly patchType?: string;
  readonly patch?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Fingerprint of the certificate the connection was made with. */
  readonly certificate: string;
  /** Same number, same connection. */
  readonly localPort: number;
}

/** Speaks to a webhook server as the API server does: POST of JSON over kept-alive connections. */
export class ReviewClient {
  readonly #agent: Agent;
  readonly #url: string;

  constructor(url: string, authorities: string, connections = 1) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ca: authorities });
  }

  async send(
    path: string,
    body: string,
    options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<HttpAnswer> {
    const { method = 'POST', headers = { 'content-type': 'application/json' } } = options;
    const sent = request(`${this.#url}${path}`, { agent: this.#agent, method, headers });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const socket = response.socket as TLSSocket;
    const { localPort = 0 } = socket;
    const certificate = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece as Buffer);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(pieces).toString('utf8'),
      certificate,
      localPort,
    };
  }

  /** Sends a review and reads the response out of the answer. @throws Error where the answer is no AdmissionReview. */
  async review(path: string, body: unknown): Promise<Reviewed> {
    const answer = await this.send(path, JSON.stringify(body));
    const review = JSON.parse(answer.body) as { kind?: string; apiVersion?: string; response?: Reviewed };
    if (answer.status !== 200 || review.kind !== 'AdmissionReview' || review.response === undefined)
      throw new Error(`no review came: ${answer.status} ${answer.body}`);
    return review.response;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** An AdmissionReview that asks about an object. */
export function reviewOf(
  object: unknown,
  more: {
    readonly uid?: string;
    readonly operation?: string;
    readonly oldObject?: unknown;
    readonly subResource?: string;
  } = {},
): { readonly request: Record<string, unknown> } & Record<string, unknown> {
  const { metadata, kind, apiVersion } = (object ?? {}) as Partial<KubeObject>;
  const [group, version] = typeof apiVersion === 'string' ? apiVersion.split('/') : [];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'uid-1',
      operation: more.oldObject === undefined ? 'CREATE' : 'UPDATE',
      kind: { group: group ?? '', version: version ?? '', kind: kind ?? '' },
      resource: { group: group ?? '', version: version ?? '', resource: 'things' },
      name: metadata?.name ?? '',
      namespace: metadata?.namespace ?? 'default',
      userInfo: { username: 'ada' },
      object,
      oldObject: null,
      dryRun: false,
      ...more,
    },
  };
}
