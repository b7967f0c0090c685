import { digestOf } from './digest.ts';
import { OciError } from './errors.ts';
import { readBody } from './http.ts';
import { type Index, type IndexEntry, OCI_INDEX, parseManifest } from './manifest.ts';
import { formatReference } from './reference.ts';
import type { FetchedManifest, RegistryClient } from './registry.ts';
import { withRetry } from './retry.ts';
import { type RegistrySession, type Repository, repositoryScope } from './session.ts';

const INDEX_BYTES = 4 * 1024 * 1024;
const REFERRERS_PAGES = 100;

/** The tag under which a registry without the referrers API keeps the list (OCI distribution specification 1.1, "Referrers tag schema"). */
export function referrersTag(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

/** What the referrers API lists for a manifest; undefined where the registry has no such API. */
export async function askReferrers(
  session: RegistrySession,
  target: Repository,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<readonly IndexEntry[] | undefined> {
  const found: IndexEntry[] = [];
  let url: URL | undefined = session.url(target.registry, `${target.repository}/referrers/${digest}`);
  for (let page = 0; page < REFERRERS_PAGES && url !== undefined; page += 1) {
    const asked: URL = url;
    const answer = await withRetry(async () => {
      const response = await session.send(target, {
        url: asked,
        headers: { accept: OCI_INDEX },
        scopes: [repositoryScope(target.repository, 'pull')],
        good: [200, 400, 404, 405, 406, 501],
        signal,
      });
      return { response, body: await readBody(response, INDEX_BYTES, signal) };
    }, session.retrying(signal));
    const { response, body } = answer;
    if (response.status !== 200 || !response.headers['content-type']?.startsWith(OCI_INDEX)) return undefined;
    found.push(...entriesOf(parseManifest(body, OCI_INDEX, asked.href)));
    const next: string | undefined = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(
      [response.headers.link ?? []].flat().join(),
    )?.[1];
    const following: URL | null = next === undefined ? null : URL.parse(next, asked.href);
    url = following === null || following.origin !== asked.origin ? undefined : following;
  }
  return found;
}

/** The manifests that name `digest` as their subject: by the API, or the tag schema where there is none. */
export async function listReferrers(
  client: RegistryClient,
  session: RegistrySession,
  target: Repository,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<readonly IndexEntry[]> {
  const known = await askReferrers(session, target, digest, signal);
  if (known !== undefined) return known;
  const listed = await taggedList(client, target, digest, signal);
  return listed === undefined ? [] : entriesOf(listed);
}

/** Adds a pushed manifest to the list of its subject's referrers, as a client must where the registry does not do it by itself. */
export async function addReferrer(
  client: RegistryClient,
  target: Repository,
  subject: string,
  entry: IndexEntry,
  signal: AbortSignal | undefined,
): Promise<void> {
  const listed = await taggedList(client, target, subject, signal);
  const entries = listed === undefined ? [] : entriesOf(listed);
  if (entries.some(({ digest }) => digest === entry.digest)) return;
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...entries, entry] };
  const bytes = Buffer.from(JSON.stringify(index));
  const tag = referrersTag(subject);
  await client.pushManifest({ ...target, tag }, { bytes, mediaType: OCI_INDEX }, { signal });
}

async function taggedList(
  client: RegistryClient,
  target: Repository,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<FetchedManifest | undefined> {
  const reference = { ...target, tag: referrersTag(digest) };
  try {
    const fetched = await client.fetchManifest(reference, { signal });
    if (fetched.kind === 'index') return fetched;
  } catch (error) {
    if (error instanceof OciError && error.code === 'NotFound') return undefined;
    throw error;
  }
  throw new OciError(
    'UnsupportedManifest',
    `${formatReference(reference)} is no index, though its name is that of a list of referrers.`,
    {
      remedy: 'Remove that tag, or copy without --referrers.',
    },
  );
}

function entriesOf(parsed: { readonly kind: string; readonly index?: Index }): readonly IndexEntry[] {
  return parsed.index?.manifests ?? [];
}

/** How a list of referrers names a manifest. */
export function referrerEntry(manifest: FetchedManifest): IndexEntry {
  const { bytes, mediaType } = manifest;
  const document = manifest.kind === 'manifest' ? manifest.manifest : manifest.index;
  const artifactType =
    manifest.kind === 'manifest' ? (manifest.manifest.artifactType ?? manifest.manifest.config?.mediaType) : undefined;
  return {
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(Object.keys(document.annotations).length === 0 ? {} : { annotations: document.annotations }),
  };
}
