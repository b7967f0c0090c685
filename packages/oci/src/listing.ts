import { OciError } from './errors.ts';
import { readBody } from './http.ts';
import { withRetry } from './retry.ts';
import { type RegistrySession, type Repository, repositoryScope } from './session.ts';

const PAGE_BYTES = 16 * 1024 * 1024;
const PAGE_ENTRIES = 1000;

/** The tags of a repository, page by page. Throws OciError `NotFound` for a repository that is none. */
export function listTags(
  session: RegistrySession,
  target: Repository,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const first = session.url(target.registry, `${target.repository}/tags/list?n=${PAGE_ENTRIES}`);
  return pages(session, target, first, 'tags', [repositoryScope(target.repository, 'pull')], signal);
}

/** The repositories of a registry, page by page; many registries give the list to nobody, or to administrators only. */
export function listRepositories(
  session: RegistrySession,
  registry: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const first = session.url(registry, `_catalog?n=${PAGE_ENTRIES}`);
  return pages(session, { registry, repository: '' }, first, 'repositories', ['registry:catalog:*'], signal);
}

async function* pages(
  session: RegistrySession,
  target: Repository,
  first: URL,
  field: 'tags' | 'repositories',
  scopes: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (let url: URL | undefined = first; url !== undefined;) {
    const page: URL = url;
    const { names, next } = await withRetry(async () => {
      const response = await session.send(target, { url: page, scopes, good: [200], signal });
      const body = await readBody(response, PAGE_BYTES, signal);
      return { names: namesIn(body, field, page), next: nextPage(response.headers.link, page) };
    }, session.retrying(signal));
    const fresh = names.filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    yield* fresh;
    // A page that brings nothing new would be followed without end.
    url = fresh.length === 0 ? undefined : next;
  }
}

function namesIn(body: Buffer, field: 'tags' | 'repositories', url: URL): readonly string[] {
  try {
    const list = (JSON.parse(body.toString('utf8')) as Record<string, unknown> | null)?.[field] ?? [];
    if (Array.isArray(list)) return list.filter((name): name is string => typeof name === 'string');
  } catch {
    // Told below, like any other answer that is no list.
  }
  throw new OciError('ServerError', `${url.host}${url.pathname} is no list of ${field}.`, {
    remedy: 'Check that the address is that of a registry.',
  });
}

/** The address in a `Link: <…>; rel="next"` header (RFC 8288), on the same host. */
function nextPage(link: string | string[] | undefined, from: URL): URL | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec([link ?? []].flat().join(', '))?.[1];
  const next = target === undefined ? null : URL.parse(target, from.href);
  if (next === null || next.host !== from.host) return undefined;
  next.protocol = from.protocol;
  return next;
}
