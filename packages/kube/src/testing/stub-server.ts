import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { ClusterConfig, Credentials } from '../config/cluster-config.ts';
import { fixedCredential } from '../config/cluster-config.ts';

export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate for 127.0.0.1 and localhost that signs itself. */
export async function selfSigned(
  options: { readonly names?: readonly string[]; readonly from?: Date; readonly until?: Date } = {},
): Promise<SelfSigned> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  x509.cryptoProvider.set(webcrypto as never);
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const names = options.names ?? ['127.0.0.1', 'localhost'];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=stub',
    keys: keys as never,
    signingAlgorithm: algorithm,
    notBefore: options.from ?? new Date(Date.now() - 3_600_000),
    notAfter: options.until ?? new Date(Date.now() + 3_600_000),
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value }) as const),
      ),
      new x509.BasicConstraintsExtension(true),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = pkcs8.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certificate: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

export interface StubRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Which connection it came over, counted from 1. */
  readonly connection: number;
}

export type StubHandler = (request: StubRequest, response: ServerResponse, socket: Socket) => void;

export interface StubServer extends AsyncDisposable {
  readonly config: ClusterConfig;
  readonly server: https.Server;
  readonly requests: readonly StubRequest[];
  /** Connections made so far. */
  readonly connections: number;
  /** Connections that are open. */
  readonly open: number;
  /** Resolves when no connection is open any more. */
  allClosed(): Promise<void>;
  configWith(credentials: Credentials, more?: Partial<ClusterConfig>): ClusterConfig;
  close(): Promise<void>;
}

/** An HTTPS server on 127.0.0.1 that answers as `handler` says, for the faults that a real API server makes too rarely. */
export async function stubServer(handler: StubHandler, tls?: SelfSigned): Promise<StubServer> {
  const { certificate, key } = tls ?? (await selfSigned());
  const requests: StubRequest[] = [];
  const numbers = new Map<Socket, number>();
  const open = new Set<Socket>();
  let waiting: (() => void)[] = [];
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const seen = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        connection: numbers.get(request.socket) ?? 0,
      };
      requests.push(seen);
      handler(seen, response, request.socket);
    });
  });
  server.on('secureConnection', (socket) => {
    numbers.set(socket, numbers.size + 1);
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      open.delete(socket);
      if (open.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const configWith = (credentials: Credentials, more: Partial<ClusterConfig> = {}): ClusterConfig => ({
    server: `https://127.0.0.1:${port}`,
    namespace: 'default',
    source: 'a stub',
    authorities: () => certificate,
    credentials,
    ...more,
  });
  const close = async () => {
    server.close();
    server.closeAllConnections();
    for (const socket of open) socket.destroy();
    await once(server, 'close');
  };
  return {
    config: configWith(fixedCredential({ token: 'stub' })),
    server,
    requests,
    get connections() {
      return numbers.size;
    },
    get open() {
      return open.size;
    },
    allClosed: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve))),
    configWith,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers as the API server refuses. */
export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerJson(
    response,
    code,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `${reason}, says the stub` },
    headers,
  );
}
