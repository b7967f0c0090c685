import { download, type HttpHeaders, OciError, readBody, statusError } from '@kaito/oci';
import { WeightsError } from '../errors.ts';
import type { FetchContext, Fetched } from './source.ts';

/** Most bytes read of an error page, for the server's own words. */
const ERROR_BODY_BYTES = 64 * 1024;

/** Fetches one URL with resume and retry; `user:password@` in the URL is sent as basic authorization to its origin alone. */
export async function fetchHttps(url: string, context: FetchContext): Promise<Fetched> {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw new WeightsError('InvalidRequest', `"${url.slice(0, 200)}" is not an https address.`, {
      remedy: 'Write it as https://host/path.',
    });
  }
  const headers: Record<string, string> = {};
  if (parsed.username !== '') {
    const login = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(login).toString('base64')}`;
    parsed.username = '';
    parsed.password = '';
  }
  return downloadUrl(parsed, headers, context);
}

/** Fetches `url` with these headers into the context's file. Throws OciError. */
export async function downloadUrl(url: URL, headers: HttpHeaders, context: FetchContext): Promise<Fetched> {
  const { signal, retry, timing, freeBytes } = context.options;
  return download({
    file: context.file,
    digest: context.digest,
    bytes: context.bytes,
    signal,
    retry,
    timing,
    freeBytes,
    onProgress: ({ step, doneBytes, totalBytes }) => context.report(step, doneBytes, totalBytes),
    open: async (extra) => {
      const response = await context.http.send({ url, headers: { ...headers, ...extra }, signal });
      if ([200, 206, 416].includes(response.status)) return response;
      const body = await readBody(response, ERROR_BODY_BYTES, signal).catch(() => Buffer.alloc(0));
      const error = statusError(response.url, response.status, response.headers, body.toString('utf8'));
      throw error.code === 'Unauthorized' ? withoutDockerLogin(error) : error;
    },
  });
}

function withoutDockerLogin(error: OciError): OciError {
  return new OciError('Unauthorized', error.message, {
    remedy: 'Give an address that carries its own authorization (https://user:password@host/… or a signed URL).',
    status: 401,
    ...(error.serverCode === undefined ? {} : { serverCode: error.serverCode }),
  });
}
