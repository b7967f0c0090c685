import type { Clock } from '../clock.ts';
import { AzureError } from '../errors/azure-error.ts';
import type { Logger } from '../logger.ts';
import type { AccessToken, Credential, TokenOptions } from './credential.ts';

/** Gets a new token. The request is shared by all who wait for it: none of them can abort it, it ends by its own time limits. */
export type TokenRequest = (audience: string, claims: string | undefined) => Promise<AccessToken>;

/** A token is renewed so long before its end, ms, or from half of its life on where that is later. */
const marginMs = 300_000;
/** A token so near to its end is not handed out: it would die on its way. ms. */
const dyingMs = 10_000;
/** After a renewal that failed, while the old token lives, ms. */
const pauseMs = 30_000;

interface Held {
  readonly token: AccessToken;
  renewAt: number;
}

/** Keeps tokens, renews them ahead of their end in the background, and lets all callers of one audience share one request. */
export class CachedCredential implements Credential {
  readonly #request: TokenRequest;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #held = new Map<string, Held>();
  readonly #running = new Map<string, Promise<AccessToken>>();

  constructor(request: TokenRequest, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#request = request;
    this.#clock = clock;
    this.#logger = logger;
  }

  async token(audience: string, options: TokenOptions = {}): Promise<AccessToken> {
    const { signal, insteadOf, claims } = options;
    signal?.throwIfAborted();
    const now = this.#clock.now().getTime();
    const held = this.#held.get(audience);
    const refused = insteadOf !== undefined && held?.token.value === insteadOf.value;
    if (held !== undefined && !refused && held.token.expiresAt > now + dyingMs) {
      if (now >= held.renewAt) this.#renew(audience, held);
      return held.token;
    }
    if (refused) this.#held.delete(audience);
    return await abortable(this.#shared(audience, claims), signal);
  }

  #renew(audience: string, held: Held): void {
    held.renewAt = this.#clock.now().getTime() + pauseMs;
    this.#shared(audience, undefined).catch((error: unknown) => {
      this.#logger.log('warn', 'a token could not be renewed; the old one is used while it lives', {
        audience,
        expiresAt: new Date(held.token.expiresAt).toISOString(),
        error,
      });
    });
  }

  #shared(audience: string, claims: string | undefined): Promise<AccessToken> {
    const key = `${audience} ${claims ?? ''}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const request = this.#fetch(audience, claims).finally(() => this.#running.delete(key));
    this.#running.set(key, request);
    return request;
  }

  async #fetch(audience: string, claims: string | undefined): Promise<AccessToken> {
    const askedAt = this.#clock.now().getTime();
    const token = await this.#request(audience, claims);
    const life = token.expiresAt - askedAt;
    if (!(life > 0))
      throw new AzureError('LoginRefused', {
        message: 'the token that was given has expired already',
        remedy: "check this machine's clock",
        retry: 'later',
      });
    this.#held.set(audience, { token, renewAt: token.expiresAt - Math.min(marginMs, life / 2) });
    return token;
  }
}

function abortable<T>(value: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return value;
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason as Error);
    signal.addEventListener('abort', aborted, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
