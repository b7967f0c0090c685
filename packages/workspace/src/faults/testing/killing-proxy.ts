import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { ClusterConfig } from '@kaito/kube';

/** The call at which the process that makes it is to die: before the API server hears of it, or after it has answered. */
export interface Target {
  readonly method: string;
  readonly path: RegExp;
  readonly when: 'before' | 'after';
}

/** An API server for one process at a time; whoever is behind it needs no credentials. */
export interface KillingProxy {
  /** `http://127.0.0.1:port` */
  readonly server: string;
  /** The calls so far that change something, in their order: `POST /apis/…`. */
  readonly changes: readonly string[];
  /** Calls `kill` at the target, once. @returns resolves then, e.g. `4: POST /apis/…`; 4 changing calls were made since. */
  arm(target: Target, kill: () => void): Promise<string>;
  close(): Promise<void>;
}

export async function killingProxy(config: ClusterConfig): Promise<KillingProxy> {
  const { certificate, key, token } = await config.credentials.current();
  const agent = new https.Agent({
    keepAlive: true,
    ca: config.authorities(),
    cert: certificate,
    key,
    ...(config.tlsServerName !== undefined && { servername: config.tlsServerName }),
  });
  let armed: { readonly target: Target; readonly kill: (call: string) => void } | undefined;
  const changes: string[] = [];
  let count = 0;

  const proxy = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const path = url.replace(/\?.*/, '');
    if (method !== 'GET') {
      count += 1;
      changes.push(`${method} ${path}`);
    }
    const hit =
      armed !== undefined && armed.target.method === method && armed.target.path.test(path) ? armed : undefined;
    const die = () => hit?.kill(`${count}: ${method} ${path}`);
    if (hit !== undefined) armed = undefined;
    if (hit?.target.when === 'before') return die();
    const { host: _host, ...kept } = headers;
    const onward = https.request(
      new URL(url, config.server),
      { agent, method, headers: { ...kept, ...(token !== undefined && { authorization: `Bearer ${token}` }) } },
      (answer) => {
        if (hit !== undefined) {
          answer.resume();
          answer.once('end', die);
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        // Either side may go at any time: that is the test.
        pipeline(answer, response).catch(() => {});
      },
    );
    onward.on('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    request.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    server: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    changes,
    arm(target, kill) {
      count = 0;
      return new Promise((resolve) => {
        armed = {
          target,
          kill(call) {
            kill();
            resolve(call);
          },
        };
      });
    },
    async close() {
      agent.destroy();
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
