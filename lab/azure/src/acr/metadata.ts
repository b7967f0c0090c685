import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ManifestContent, RegistryContent, TagContent } from '../registry/content.ts';
import { type Access, catalogAccess, repositoryPattern } from './access.ts';
import { linkTo, pageOf, sendJson } from './pages.ts';
import { invalidRequest, manifestUnknown, repositoryUnknown, tagUnknown, unsupported } from './registry-error.ts';

/** A request of ACR's own interface, `/acr/v1/…`. */
export interface MetadataRequest {
  readonly kind: 'catalog' | 'repository' | 'tags' | 'tag' | 'manifests' | 'manifest';
  readonly repository: string;
  readonly reference: string;
  readonly needs: Access;
}

/** What everything shows: nothing here can be locked. */
const changeable = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true };

const repositoryPath = new RegExp(`^/acr/v1/(${repositoryPattern})(?:/_(tags|manifests)(?:/([^/]+))?)?$`);

/** @param path percent-encoded, without its query. Undefined: nothing of the interface. */
export function readMetadataRequest(method: string, path: string): MetadataRequest | undefined {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (plain === '/acr/v1/_catalog') return { kind: 'catalog', repository: '', reference: '', needs: catalogAccess };
  const [, repository, part, reference] = repositoryPath.exec(plain) ?? [];
  if (repository === undefined) return undefined;
  const kind =
    part === undefined
      ? 'repository'
      : ((reference === undefined ? part : part.slice(0, -1)) as MetadataRequest['kind']);
  const action = method === 'DELETE' ? 'delete' : method === 'PATCH' ? 'metadata_write' : 'metadata_read';
  return {
    kind,
    repository,
    reference: reference ?? '',
    needs: { type: 'repository', name: repository, actions: [action] },
  };
}

/**
 * Answers what ACR tells beyond the distribution interface, and carries out its deletions.
 *
 * @param untag takes a tag out of the registry
 * @throws RegistryError
 */
export async function answerMetadata(
  asked: MetadataRequest,
  host: string,
  content: RegistryContent,
  request: IncomingMessage,
  response: ServerResponse,
  untag: (repository: string, tag: string) => Promise<void>,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://registry');
  const { kind, repository, reference } = asked;
  const reading = request.method === 'GET';
  const common = { registry: host, imageName: repository };
  if (kind === 'catalog') {
    if (!reading) throw unsupported();
    await answerCatalog(content, url, request, response);
    return;
  }
  const [tags, manifests] = await Promise.all([content.tags(repository), content.manifests(repository)]);
  if (manifests.length === 0) throw repositoryUnknown(repository);
  if (kind === 'repository' && reading) {
    const times = [...tags.map(({ updated }) => updated), ...manifests.map(({ created }) => created)].map(Number);
    sendJson(request, response, 200, {
      ...common,
      createdTime: new Date(Math.min(...times)).toISOString(),
      lastUpdateTime: new Date(Math.max(...times)).toISOString(),
      manifestCount: manifests.length,
      tagCount: tags.length,
      changeableAttributes: changeable,
    });
  } else if (kind === 'repository' && request.method === 'DELETE') {
    await content.remove(repository);
    sendJson(request, response, 202, {
      manifestsDeleted: manifests.map(({ digest }) => digest),
      tagsDeleted: tags.map(({ name }) => name),
    });
  } else if (kind === 'tags' && reading) {
    const digest = url.searchParams.get('digest');
    const fitting = tags.filter((tag) => digest === null || tag.digest === digest);
    const { items, next } = pageOf(
      ordered(fitting, ({ updated }) => updated, url),
      ({ name }) => name,
      url,
    );
    sendJson(request, response, 200, { ...common, tags: items.map(shownTag) }, linkTo(next));
  } else if (kind === 'manifests' && reading) {
    const { items, next } = pageOf(
      ordered(manifests, ({ created }) => created, url),
      ({ digest }) => digest,
      url,
    );
    sendJson(request, response, 200, { ...common, manifests: items.map(shownManifest) }, linkTo(next));
  } else if (kind === 'tag') {
    const tag = tags.find(({ name }) => name === reference);
    if (tag === undefined) throw tagUnknown(reference);
    if (reading) sendJson(request, response, 200, { ...common, tag: shownTag(tag) });
    else if (request.method === 'DELETE') {
      await untag(repository, reference);
      response.writeHead(202, { 'content-length': '0' }).end();
    } else throw unsupported();
  } else if (kind === 'manifest' && reading) {
    const manifest = manifests.find(({ digest }) => digest === reference);
    if (manifest === undefined) throw manifestUnknown(reference);
    sendJson(request, response, 200, { ...common, manifest: shownManifest(manifest) });
  } else throw unsupported();
}

/** `{"repositories":[…]}`, also of the distribution interface: here a repository ends with its last manifest. */
export async function answerCatalog(
  content: RegistryContent,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { items, next } = pageOf(await content.repositories(), (name) => name, url);
  sendJson(request, response, 200, { repositories: items }, linkTo(next));
}

/** What refers to a manifest (OCI distribution specification 1.1, "Listing Referrers"). */
export async function answerReferrers(
  content: RegistryContent,
  repository: string,
  digest: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const type = new URL(request.url ?? '/', 'https://registry').searchParams.get('artifactType');
  const manifests = (await content.manifests(repository))
    .filter(({ subject }) => subject === digest)
    .map((manifest) => ({
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes,
      artifactType: manifest.artifactType ?? manifest.configMediaType,
      ...(manifest.annotations !== undefined && { annotations: manifest.annotations }),
    }))
    .filter(({ artifactType }) => type === null || artifactType === type);
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  sendJson(
    request,
    response,
    200,
    { schemaVersion: 2, mediaType, manifests },
    {
      'content-type': mediaType,
      ...(type !== null && { 'oci-filters-applied': 'artifactType' }),
    },
  );
}

function ordered<T>(items: readonly T[], timeOf: (item: T) => Date, url: URL): readonly T[] {
  const order = url.searchParams.get('orderby');
  const sign = order === 'timedesc' ? -1 : 1;
  if (order === null || order === '' || order === 'none') return items;
  if (order !== 'timeasc' && order !== 'timedesc') throw invalidRequest(`orderby '${order}' is not supported`);
  return items.toSorted((a, b) => sign * (Number(timeOf(a)) - Number(timeOf(b))));
}

function shownTag({ name, digest, created, updated }: TagContent): object {
  return {
    name,
    digest,
    createdTime: created.toISOString(),
    lastUpdateTime: updated.toISOString(),
    signed: false,
    changeableAttributes: changeable,
  };
}

function shownManifest(manifest: ManifestContent): object {
  const { digest, imageBytes, created, architecture, os, mediaType, configMediaType, tags } = manifest;
  return {
    digest,
    imageSize: imageBytes,
    createdTime: created.toISOString(),
    lastUpdateTime: created.toISOString(),
    ...(architecture !== undefined && { architecture }),
    ...(os !== undefined && { os }),
    mediaType,
    ...(configMediaType !== undefined && { configMediaType }),
    ...(tags.length > 0 && { tags }),
    changeableAttributes: changeable,
  };
}
