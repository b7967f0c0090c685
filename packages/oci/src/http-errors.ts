import { aborted, OciError } from './errors.ts';
import { parseRetryAfter } from './retry.ts';

const CERTIFICATE_CODES =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET|VERIFY))/;
/** Errors of a connection that was never made: trying again at once does not help, the network or the address is wrong. */
const UNREACHABLE_CODES = new Set([
  'ENOTFOUND',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'KAITO_CONNECT_TIMEOUT',
]);

/** The system's code of an error (`ECONNRESET`), looking into the members of an AggregateError. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof AggregateError && typeof (error as { code?: unknown }).code !== 'string') {
    return systemCode(error.errors[0]);
  }
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Turns an error of the socket into an OciError. `NetworkUnreachable` is not retryable where no connection was made. */
export function transportError(error: unknown, url: URL, signal: AbortSignal | undefined): OciError {
  if (error instanceof OciError) return error;
  if (signal?.aborted) return aborted(error);
  const code = systemCode(error) ?? 'unknown';
  const detail = error instanceof Error && error.message !== '' ? error.message : code;
  if (CERTIFICATE_CODES.test(code)) {
    return new OciError('CertificateUntrusted', `The certificate of ${url.host} is not trusted: ${detail}.`, {
      remedy: `Point NODE_EXTRA_CA_CERTS at the certificate authority of ${url.host} (or of your proxy), as a PEM file.`,
      cause: error,
    });
  }
  const neverConnected = UNREACHABLE_CODES.has(code);
  return new OciError(
    'NetworkUnreachable',
    neverConnected ? `${url.host} cannot be reached: ${detail}.` : `The connection to ${url.host} broke: ${detail}.`,
    {
      remedy: `Check the network and the name ${url.hostname}; behind a proxy set HTTPS_PROXY (and NO_PROXY).`,
      retryable: !neverConnected,
      cause: error,
    },
  );
}

const MESSAGE_LIMIT = 300;

/** The server's own words in an error body: OCI's `errors[]`, `{error}`, or the beginning of plain text. */
export function serverSaid(body: string): { readonly code?: string; readonly message?: string } {
  try {
    const parsed: unknown = JSON.parse(body);
    const first = (parsed as { errors?: unknown[] } | null)?.errors?.[0] as
      | { code?: unknown; message?: unknown }
      | undefined;
    if (first !== undefined) {
      return {
        ...(typeof first.code === 'string' ? { code: first.code } : {}),
        ...(typeof first.message === 'string' ? { message: first.message.slice(0, MESSAGE_LIMIT) } : {}),
      };
    }
    const error = (parsed as { error?: unknown } | null)?.error;
    return typeof error === 'string' ? { message: error.slice(0, MESSAGE_LIMIT) } : {};
  } catch {
    const text = body.trim();
    return text === '' || text.startsWith('<') ? {} : { message: text.slice(0, MESSAGE_LIMIT) };
  }
}

/** What registries say of a tag that is locked: Harbor, ECR, ACR, Quay and GitLab in this order. */
const IMMUTABLE =
  /immutable|ImageTagAlreadyExists|already exists in the .* repository and cannot be overwritten|operation is disallowed on this registry, repository or image|protected tag/i;
const DISK_FULL = /no space left on device|disk quota exceeded|insufficient storage/i;

/** Turns an answer that is not a success into an OciError; 5xx, 408 and 429 are retryable. `action` is what was tried. */
export function statusError(
  url: URL,
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  action: 'read' | 'write' = 'read',
): OciError {
  const said = serverSaid(body);
  const header = headers['x-error-code'];
  const serverCode = (typeof header === 'string' ? header : undefined) ?? said.code;
  const words = said.message === undefined ? '' : `: ${said.message.replace(/\.$/, '')}`;
  const where = `${url.host}${url.pathname}`;
  const common = { status, ...(serverCode === undefined ? {} : { serverCode }) };
  if (action === 'write' && IMMUTABLE.test(`${serverCode ?? ''} ${body}`)) {
    return new OciError('TagImmutable', `${where} may not be replaced (${status})${words}.`, {
      ...common,
      remedy: 'Push under another tag, or have the lock of this one lifted by the owner of the registry.',
    });
  }
  if (status === 507 || DISK_FULL.test(body)) {
    return new OciError('NoSpace', `The disk of ${url.host} is full (${status})${words}.`, {
      ...common,
      remedy: `Free space at ${url.host}, e.g. by its garbage collection; the transfer then goes on where it stopped.`,
    });
  }
  if (status === 401) {
    return new OciError('Unauthorized', `${url.host} wants a login for ${url.pathname} (401)${words}.`, {
      ...common,
      remedy: `Log in with credentials that ${url.host} knows, e.g. docker login ${url.host}.`,
    });
  }
  if (status === 403) {
    return new OciError('Denied', `${url.host} refuses access to ${url.pathname} (403)${words}.`, {
      ...common,
      remedy: `Ask the owner of ${where} for the right to ${action} it, or use other credentials.`,
    });
  }
  if (status === 404 || status === 410) {
    return new OciError('NotFound', `${where} does not exist (${status})${words}.`, {
      ...common,
      remedy:
        action === 'read'
          ? 'Check the spelling of the address, and that what it names has not been removed.'
          : `Check the name of the repository; where ${url.host} makes none by itself, create it first.`,
    });
  }
  if (status === 429) {
    const retryAfter = headers['retry-after'];
    const retryAfterMs = parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined, Date.now());
    const wait = retryAfterMs === undefined ? 'a while' : `${Math.ceil(retryAfterMs / 1000)} s`;
    return new OciError('TooManyRequests', `${url.host} limits how often you may ask (429)${words}.`, {
      ...common,
      remedy: `Wait ${wait} and try again; a login often raises the limit.`,
      retryable: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const retryAfter = headers['retry-after'];
  const retryAfterMs = parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined, Date.now());
  return new OciError('ServerError', `${where} answered with status ${status}${words}.`, {
    ...common,
    remedy: status >= 500 ? `Try again later: the fault is on the side of ${url.host}.` : 'Check the address.',
    retryable: status >= 500 || status === 408,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
