import { answerChallenge, type Authorization, type Challenge, parseChallenges } from './auth.ts';
import type { CredentialSource } from './credentials.ts';
import { OciError } from './errors.ts';
import { HttpClient, type HttpRequest, type HttpResponse, readBody } from './http.ts';
import { statusError } from './http-errors.ts';
import type { Reference } from './reference.ts';
import type { RetryPolicy } from './retry.ts';
import type { Timing } from './timing.ts';

export interface RegistryClientOptions {
  readonly credentials?: CredentialSource | undefined;
  readonly http?: HttpClient | undefined;
  /** Speak http to registries other than this machine. To this machine http is spoken unless `secureLoopback`. */
  readonly plainHttp?: boolean | undefined;
  readonly secureLoopback?: boolean | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly timing?: Timing | undefined;
}

/** One request to a registry. */
export interface RegistryRequest extends Pick<
  HttpRequest,
  'method' | 'headers' | 'body' | 'signal' | 'idleTimeoutMs' | 'large'
> {
  readonly url: URL;
  /** The rights it needs, as scopes of distribution's token specification: `repository:team/app:pull,push`. */
  readonly scopes: readonly string[];
  /** Statuses that are no error. */
  readonly good: readonly number[];
  readonly action?: 'read' | 'write';
}

/** The most that is read of an error's body. */
const ERROR_BODY_BYTES = 64 * 1024;

/** A repository as those name it who hold rights on it. */
export type Repository = Pick<Reference, 'registry' | 'repository'>;

/** The scope for reading a repository, or reading and writing it. */
export function repositoryScope(repository: string, actions: 'pull' | 'pull,push'): string {
  return `repository:${repository}:${actions}`;
}

/** Authorized requests to registries: challenges are answered once, tokens kept for each set of rights, and renewed before they run out. */
export class RegistrySession {
  readonly #http: HttpClient;
  readonly #options: RegistryClientOptions;
  readonly #authorizations = new Map<string, Authorization>();
  readonly #challenges = new Map<string, readonly Challenge[]>();
  readonly #asking = new Map<string, Promise<Authorization | undefined>>();

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#http = options.http ?? new HttpClient({ plainHttp: options.plainHttp });
  }

  /** For retries: the policy, the clock and the signal of a call. */
  retrying(signal: AbortSignal | undefined) {
    return { policy: this.#options.retry, timing: this.#options.timing, signal };
  }

  /** The address of something under `/v2/` of a registry. Throws OciError `InvalidReference`. */
  url(registry: string, path: string): URL {
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    const local = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host) && this.#options.secureLoopback !== true;
    const url = URL.parse(`${local || this.#options.plainHttp === true ? 'http' : 'https'}://${host}/v2/${path}`);
    if (url !== null) return url;
    throw new OciError('InvalidReference', `${registry} is not a registry's host.`, {
      remedy: 'Correct the host and the port.',
    });
  }

  /**
   * Sends one request with the login it needs. A 401 is answered once, with a fresh token where an older one had run out. Logins go to
   * the registry alone: never to where it redirects, nor to an upload address elsewhere. Throws OciError for a status that is not good.
   */
  async send(target: Repository, request: RegistryRequest): Promise<HttpResponse> {
    const { url, scopes, good, action = 'read', headers = {}, ...rest } = request;
    const home = this.url(target.registry, '');
    const own = url.origin === home.origin;
    const key = [target.registry, ...scopes].join(' ');
    const attempt = (held: Authorization | undefined) =>
      this.#http.send({
        ...rest,
        url,
        headers: held === undefined ? headers : { ...headers, authorization: held.value },
      });
    let held = own ? await this.#authorization(key, target, scopes) : undefined;
    let response = await attempt(held);
    // A 401 from where a redirect led is no challenge of the registry's: its logins are not for that host.
    if (own && response.status === 401 && response.url.origin === url.origin) {
      const challenges = parseChallenges([response.headers['www-authenticate'] ?? []].flat().join(', '));
      this.#challenges.set(target.registry, challenges);
      if (this.#authorizations.get(key) === held) this.#authorizations.delete(key);
      const refused = held;
      // What is not read would keep its connection, and the process with it.
      const drain = async () => await readBody(response, ERROR_BODY_BYTES, request.signal).catch(() => {});
      try {
        held = await this.#authorization(key, target, scopes);
      } catch (error) {
        await drain();
        throw error;
      }
      if (held !== undefined && held.value !== refused?.value) {
        await drain();
        response = await attempt(held);
      }
    }
    if (good.includes(response.status)) return response;
    const body = (await readBody(response, ERROR_BODY_BYTES, request.signal).catch(() => Buffer.alloc(0))).toString();
    const error = statusError(response.url, response.status, response.headers, body, action);
    // A fresh token that is refused lacks the right; a refused password is a wrong one.
    const lacksRight =
      error.code === 'Unauthorized' && action === 'write' && held?.value.startsWith('Bearer ') === true;
    throw lacksRight ? denied(target, error, held?.remedy) : error;
  }

  /** What to send as Authorization: what is held, or what answers the registry's last challenge. Asked once for all who wait, whichever of them gives up. */
  async #authorization(key: string, target: Repository, scopes: readonly string[]): Promise<Authorization | undefined> {
    const held = this.#authorizations.get(key);
    if (held !== undefined && held.expiresAt > Date.now()) return held;
    const challenges = this.#challenges.get(target.registry);
    if (challenges === undefined) return undefined;
    const asking =
      this.#asking.get(key) ??
      this.#ask(challenges, target, scopes).finally(() => {
        this.#asking.delete(key);
      });
    this.#asking.set(key, asking);
    const answer = await asking;
    if (answer !== undefined) this.#authorizations.set(key, answer);
    return answer;
  }

  async #ask(
    challenges: readonly Challenge[],
    target: Repository,
    scopes: readonly string[],
  ): Promise<Authorization | undefined> {
    const credentials = await this.#options.credentials?.(target.registry, target.repository);
    return answerChallenge(challenges, credentials, {
      target,
      scopes,
      origin: this.url(target.registry, '').origin,
      http: this.#http,
    });
  }
}

function denied({ registry, repository }: Repository, cause: OciError, remedy?: string): OciError {
  return new OciError('Denied', `${registry} does not grant the right to push to ${repository}.`, {
    remedy: remedy ?? `Log in with an account that may push there: docker login ${registry}`,
    status: 401,
    cause,
  });
}
