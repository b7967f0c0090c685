import { type HttpResponse, OciError, parseDigest, readBody, statusError, withRetry } from '@kaito/oci';
import { WeightsError } from '../errors.ts';
import type { WeightSource } from '../request.ts';
import { downloadUrl } from './https.ts';
import type { FetchContext, Fetched } from './source.ts';

type HubSource = Extract<WeightSource, { type: 'hub' }>;

const DEFAULT_ENDPOINT = 'https://huggingface.co';

/**
 * Fetches a file of a repository on a Hugging Face-compatible hub, `<endpoint>/<repository>/resolve/<revision>/<file>`. The hub's own headers for
 * large files (`X-Linked-Etag`, the SHA-256; `X-Linked-Size`) are compared with what is wanted before anything is fetched, and verified where
 * nothing was. The token goes to the hub alone. Throws `Unauthorized` with the way to the licence for a gated repository.
 */
export async function fetchFromHub(source: HubSource, context: FetchContext): Promise<Fetched> {
  const endpoint = context.options.hubEndpoint ?? context.environment['HF_ENDPOINT'] ?? DEFAULT_ENDPOINT;
  const url = hubUrl(endpoint, source);
  const token = context.options.hubToken ?? context.environment['HF_TOKEN'];
  const headers: Record<string, string> =
    token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
  const { signal, retry: policy, timing } = context.options;
  context.report('resolve', 0);
  try {
    const look = async () => {
      const answer = await context.http.send({ url, method: 'HEAD', headers, redirect: 'same-host', signal });
      await readBody(answer, 0, signal);
      if (answer.status >= 400) throw statusError(answer.url, answer.status, answer.headers, '');
      return answer;
    };
    const head = await withRetry(look, { policy, timing, signal });
    const linked = linkedFile(head);
    if (linked.digest !== undefined && context.digest !== undefined && linked.digest !== context.digest) {
      throw new WeightsError(
        'DigestMismatch',
        `The hub has ${linked.digest} for ${source.file} where ${context.digest} was expected.`,
        {
          remedy: `Check the revision (${source.revision}): the file was replaced there, or another one is meant.`,
        },
      );
    }
    const { digest = linked.digest, bytes = linked.bytes } = context;
    return await downloadUrl(url, headers, { ...context, digest, bytes });
  } catch (error) {
    throw explain(error, source, endpoint, token);
  }
}

function encode(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function hubUrl(endpoint: string, source: HubSource): URL {
  const path = `${encode(source.repository)}/resolve/${encodeURIComponent(source.revision)}/${encode(source.file)}`;
  const url = URL.parse(`${endpoint.replace(/\/+$/, '')}/${path}`);
  if (url !== null && !`${source.repository}/${source.file}`.split('/').includes('..')) return url;
  throw new WeightsError('InvalidRequest', `${endpoint} and ${source.repository} make no address.`, {
    remedy: 'Check HF_ENDPOINT (https://host) and the repository (owner/name).',
  });
}

function linkedFile(head: HttpResponse): { readonly digest: string | undefined; readonly bytes: number | undefined } {
  const etag = head.headers['x-linked-etag'];
  const size = head.headers['x-linked-size'];
  const digest = typeof etag === 'string' ? `sha256:${etag.replaceAll('"', '')}` : '';
  return {
    digest: parseDigest(digest) === undefined ? undefined : digest,
    bytes: typeof size === 'string' && /^\d+$/.test(size) ? Number(size) : undefined,
  };
}

function explain(error: unknown, source: HubSource, endpoint: string, token: string | undefined): unknown {
  if (!(error instanceof OciError)) return error;
  const page = `${endpoint.replace(/\/+$/, '')}/${source.repository}`;
  const gated = error.serverCode === 'GatedRepo';
  if (error.code === 'Denied' || gated || (error.code === 'Unauthorized' && error.serverCode !== 'RepoNotFound')) {
    const login =
      token === undefined
        ? 'set HF_TOKEN to a token that may read it'
        : 'check that HF_TOKEN is valid and belongs to that account';
    return new WeightsError(
      'Unauthorized',
      `${source.repository} is ${gated ? 'gated' : 'not open'}: ${error.message}`,
      {
        remedy: gated
          ? `Accept its licence at ${page}, then ${login}.`
          : `Open ${page} to see what it asks for (a licence, membership), then ${login}.`,
        cause: error,
      },
    );
  }
  if (error.code === 'NotFound' || error.serverCode === 'RepoNotFound') {
    const what = {
      RepoNotFound: `The hub knows no repository ${source.repository}${token === undefined ? ', or it is private' : ''}.`,
      RevisionNotFound: `${source.repository} has no revision ${source.revision}.`,
      EntryNotFound: `${source.repository} has no file ${source.file} at ${source.revision}.`,
    }[error.serverCode ?? ''];
    return new WeightsError('NotFound', what ?? error.message, {
      remedy:
        error.serverCode === 'RepoNotFound' && token === undefined
          ? `Check the spelling; for a private repository set HF_TOKEN.`
          : `Look at ${page} for what there is.`,
      cause: error,
    });
  }
  return error;
}
