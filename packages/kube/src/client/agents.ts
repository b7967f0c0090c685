import http from 'node:http';
import https from 'node:https';
import type { ClusterConfig, Credential } from '../config/cluster-config.ts';

/** `calls` are bounded and share connections; `streams` (watches, logs) and what may not wait (leases) have connections of their own. */
export type Lane = 'calls' | 'streams';

/** Connections of the `calls` lane. More would cost the server handshakes and memory, and answers come in milliseconds. */
const mostConnections = 32;
/** Idle connections end before the API server ends them (90 s, Go's IdleTimeout there), or a request would meet a closing one. */
const idleMs = 55_000;
const keepAliveProbeMs = 30_000;

interface Pair {
  readonly calls: http.Agent;
  readonly streams: http.Agent;
}

/** The keep-alive connections to one server, made anew when the trusted authorities or the client certificate change. */
export class Agents {
  readonly #config: ClusterConfig;
  readonly #secure: boolean;
  #pair: Pair | undefined;
  #authorities: string | undefined;
  #certificate: string | undefined;
  #key: string | undefined;

  constructor(config: ClusterConfig) {
    this.#config = config;
    this.#secure = config.server.startsWith('https:');
  }

  agent(lane: Lane, credential: Credential): http.Agent {
    const authorities = this.#config.authorities();
    if (
      this.#pair === undefined ||
      authorities !== this.#authorities ||
      credential.certificate !== this.#certificate ||
      credential.key !== this.#key
    ) {
      if (this.#pair !== undefined) retire(this.#pair);
      this.#authorities = authorities;
      this.#certificate = credential.certificate;
      this.#key = credential.key;
      this.#pair = this.#make();
    }
    return this.#pair[lane];
  }

  close(): void {
    this.#pair?.calls.destroy();
    this.#pair?.streams.destroy();
    this.#pair = undefined;
  }

  #make(): Pair {
    const { tlsServerName, insecureSkipTlsVerify, proxy } = this.#config;
    const shared = {
      keepAlive: true,
      keepAliveMsecs: keepAliveProbeMs,
      timeout: idleMs,
      ...(proxy === undefined ? {} : { proxyEnv: proxy }),
    };
    if (!this.#secure)
      return { calls: new http.Agent({ ...shared, maxSockets: mostConnections }), streams: new http.Agent(shared) };
    const secure = {
      ...shared,
      ...(this.#authorities === undefined ? {} : { ca: this.#authorities }),
      ...(this.#certificate === undefined ? {} : { cert: this.#certificate }),
      ...(this.#key === undefined ? {} : { key: this.#key }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
      ...(insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
    };
    return { calls: new https.Agent({ ...secure, maxSockets: mostConnections }), streams: new https.Agent(secure) };
  }
}

/** Requests in flight may end; nothing new goes over these connections. */
function retire(pair: Pair): void {
  for (const agent of [pair.calls, pair.streams]) {
    agent.maxFreeSockets = 0;
    for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}
