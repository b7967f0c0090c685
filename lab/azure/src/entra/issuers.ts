import type { JsonWebKey } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Clock } from '@kaito/kube';

/** Where an issuer of tokens is really found, when its address alone does not lead there. */
export interface IssuerSource {
  /** Address of its discovery document. */
  readonly discovery: string;
  /** Address of its keys, where the one in the document does not lead there. */
  readonly keys?: string;
  /** PEM of who signed its certificate. */
  readonly authority?: string;
}

/** The keys of issuers whose tokens Entra takes as assertions. */
export interface Issuers {
  /** @param kid the key that a token names: where it is not among those that are known, they are asked for anew. @throws Error that says why they could not be had */
  keys(issuer: string, kid?: string): Promise<readonly JsonWebKey[]>;
  /** Says where an issuer is found. */
  add(issuer: string, source: IssuerSource): void;
}

export interface IssuerOptions {
  readonly clock: Clock;
  /** Whether a host name leads to the emulator, on its own port. */
  readonly isOwn: (host: string, path: string) => boolean;
  readonly own: () => { readonly address: string; readonly port: number; readonly authority: string };
}

/** Keys are asked for anew after so long. */
const keepMs = 300_000;
const timeoutMs = 10_000;

export function createIssuers({ clock, isOwn, own }: IssuerOptions): Issuers {
  const sources = new Map<string, IssuerSource>();

  async function get(address: string, authority: string | undefined): Promise<Record<string, unknown>> {
    const url = new URL(address);
    const mine = isOwn(url.host, url.pathname) ? own() : undefined;
    const request = url.protocol === 'http:' ? requestHttp : requestHttps;
    const ca = mine?.authority ?? authority;
    return await new Promise((resolve, reject) => {
      const sent = request(
        {
          host: mine?.address ?? url.hostname.replaceAll(/[[\]]/g, ''),
          port: mine?.port ?? (url.port === '' ? undefined : Number(url.port)),
          path: url.pathname + url.search,
          servername: /^[\d.]+$|:/.test(url.hostname) ? '' : url.hostname,
          headers: { host: url.host, accept: 'application/json' },
          signal: AbortSignal.timeout(timeoutMs),
          agent: false,
          ...(ca !== undefined && { ca }),
        },
        (answer) => {
          const body = text(answer).then((said) => {
            if (answer.statusCode !== 200) throw new Error(`${address} answered ${answer.statusCode}`);
            return JSON.parse(said) as Record<string, unknown>;
          });
          resolve(body);
        },
      );
      sent.once('error', reject);
      sent.end();
    });
  }

  async function fetchKeys(issuer: string): Promise<readonly JsonWebKey[]> {
    const source = sources.get(issuer);
    const discovery = source?.discovery ?? `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
    const document = await get(discovery, source?.authority);
    if (document['issuer'] !== issuer)
      throw new Error(`the discovery document is of issuer '${String(document['issuer'])}'`);
    const keys = source?.keys ?? document['jwks_uri'];
    if (typeof keys !== 'string') throw new Error('the discovery document has no jwks_uri');
    const set = await get(keys, source?.authority);
    if (!Array.isArray(set['keys'])) throw new Error(`${keys} is no set of keys`);
    return set['keys'] as JsonWebKey[];
  }

  const cached = new Map<string, { readonly keys: readonly JsonWebKey[]; readonly at: number }>();
  return {
    add(issuer, source) {
      sources.set(issuer, source);
      cached.delete(issuer);
    },
    async keys(issuer, kid) {
      const kept = cached.get(issuer);
      const known = kid === undefined || kept?.keys.some((key) => key['kid'] === kid) === true;
      if (kept !== undefined && known && clock.monotonic() - kept.at < keepMs) return kept.keys;
      const keys = await fetchKeys(issuer);
      cached.set(issuer, { keys, at: clock.monotonic() });
      return keys;
    },
  };
}
