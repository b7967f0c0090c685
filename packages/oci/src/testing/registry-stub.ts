import type { ServerResponse } from 'node:http';
import { digestOf } from '../digest.ts';
import { type SeenRequest, type ServeOptions, serveBytes } from './stub-server.ts';

/** What an in-process registry holds: manifests by tag and digest, blobs by digest. */
export interface RegistryContent {
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  readonly blobs: Map<string, Buffer>;
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** Stores a blob and returns its descriptor. */
export function putBlob(
  content: RegistryContent,
  bytes: Buffer,
  title?: string,
  mediaType = 'application/octet-stream',
) {
  const digest = digestOf(bytes);
  content.blobs.set(digest, bytes);
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } }),
  };
}

/** Stores a document under its digest (and a tag) and returns its descriptor. */
export function putManifest(content: RegistryContent, document: object, mediaType = OCI_MANIFEST, tag?: string) {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
  const digest = digestOf(bytes);
  content.manifests.set(digest, { mediaType, bytes });
  if (tag !== undefined) content.manifests.set(tag, { mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}

export function emptyContent(): RegistryContent {
  return { manifests: new Map(), blobs: new Map() };
}

/** Answers `/v2/<name>/(manifests|blobs)/<reference>` as a registry does. */
export function serveRegistry(
  content: RegistryContent,
  request: SeenRequest,
  response: ServerResponse,
  options: ServeOptions = {},
): void {
  const [, kind = '', reference = ''] = /^\/v2\/.+\/(manifests|blobs)\/([^/]+)$/.exec(request.path) ?? [];
  const manifest = kind === 'manifests' ? content.manifests.get(reference) : undefined;
  const blob = kind === 'blobs' ? content.blobs.get(reference) : undefined;
  if (manifest !== undefined) {
    response.writeHead(200, { 'content-type': manifest.mediaType, 'docker-content-digest': digestOf(manifest.bytes) });
    response.end(manifest.bytes);
  } else if (blob !== undefined) {
    serveBytes(request, response, blob, options);
  } else {
    response.writeHead(404).end(JSON.stringify({ errors: [{ code: 'NAME_UNKNOWN', message: 'no such thing' }] }));
  }
}
