import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../digest.ts';

export interface WritableRegistryOptions {
  /** `false`: a blob is taken in one request alone, as by registries without chunks. Default true. */
  readonly chunks?: boolean;
  /** What becomes of the bytes of a chunk that is cut: kept (the specification's idea), or the upload forgotten (distribution's way). Default `kept`. */
  readonly cut?: 'kept' | 'forgotten';
  /** Write upload addresses without host. Default false. */
  readonly relative?: boolean;
  /** Answer `GET …/referrers/…` and OCI-Subject. Default false. */
  readonly referrers?: boolean;
  /** The least and the most that is taken as one chunk, in bytes. */
  readonly leastChunk?: number;
  readonly mostChunk?: number;
  /** Cut the connection after so many bytes of the n-th PATCH (from 1). */
  readonly cutPatch?: (count: number) => number | undefined;
  /** Looks at a request before the registry does; true: it has answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean | void;
}

/** A registry in this process that takes uploads, with the faults that a real one shows only on bad days. */
export interface WritableRegistry extends AsyncDisposable {
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** Which repository holds which blobs. */
  readonly holds: Map<string, Set<string>>;
  /** By `repository:tag` and `repository@digest`. */
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  /** Bytes taken by PATCH and PUT of blobs. */
  readonly received: () => number;
  /** `METHOD path` of each request, without query. */
  readonly requests: readonly string[];
  /** Uploads under way. */
  readonly uploads: Map<string, Buffer>;
}

export async function startWritableRegistry(options: WritableRegistryOptions = {}): Promise<WritableRegistry> {
  const { chunks = true, cut = 'kept', relative = false } = options;
  const blobs = new Map<string, Buffer>();
  const holds = new Map<string, Set<string>>();
  const manifests: WritableRegistry['manifests'] = new Map();
  const uploads = new Map<string, Buffer>();
  const requests: string[] = [];
  let received = 0;
  let patches = 0;
  const hold = (repository: string, digest: string) =>
    holds.set(repository, (holds.get(repository) ?? new Set()).add(digest));

  async function blobRequest(request: IncomingMessage, response: ServerResponse, repository: string, digest: string) {
    const bytes = holds.get(repository)?.has(digest) === true ? blobs.get(digest) : undefined;
    if (bytes === undefined) return fail(response, 404, 'BLOB_UNKNOWN');
    const [, from = '', to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const part = bytes.subarray(Number(from), to ? Number(to) + 1 : undefined);
    if (from !== '')
      response.setHeader('content-range', `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`);
    response.writeHead(from === '' ? 200 : 206, { 'content-length': part.length });
    response.end(request.method === 'HEAD' ? undefined : part);
  }

  async function upload(request: IncomingMessage, response: ServerResponse, url: URL, repository: string, id: string) {
    const at = (name: string) =>
      `${relative ? '' : `http://${request.headers.host}`}/v2/${repository}/blobs/uploads/${name}?state=1`;
    if (request.method === 'POST') {
      const mount = url.searchParams.get('mount') ?? '';
      const from = url.searchParams.get('from') ?? '';
      if (holds.get(from)?.has(mount) === true) {
        hold(repository, mount);
        return void response.writeHead(201, { location: `/v2/${repository}/blobs/${mount}` }).end();
      }
      const name = randomUUID();
      uploads.set(name, Buffer.alloc(0));
      const least = options.leastChunk === undefined ? {} : { 'oci-chunk-min-length': String(options.leastChunk) };
      return void response.writeHead(202, { location: at(name), range: '0-0', ...least }).end();
    }
    const held = uploads.get(id);
    if (held === undefined) return fail(response, 404, 'BLOB_UPLOAD_UNKNOWN');
    const range = (length: number) => ({ location: at(id), range: `0-${Math.max(0, length - 1)}` });
    if (request.method === 'GET') return void response.writeHead(204, range(held.length)).end();
    if (request.method === 'DELETE') {
      uploads.delete(id);
      return void response.writeHead(204).end();
    }
    const patching = request.method === 'PATCH';
    if (patching && !chunks) return fail(response, 405, 'UNSUPPORTED');
    if (patching) patches += 1;
    if (Number(request.headers['content-length']) > (options.mostChunk ?? Infinity))
      return fail(response, 413, 'SIZE_INVALID');
    const start = /^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1];
    if (start !== undefined && Number(start) !== held.length) return fail(response, 416, 'RANGE_INVALID');
    const { bytes, whole } = await body(request, patching ? options.cutPatch?.(patches) : undefined);
    received += bytes.length;
    if (!whole) {
      if (cut === 'kept') uploads.set(id, Buffer.concat([held, bytes]));
      else uploads.delete(id);
      return;
    }
    const all = Buffer.concat([held, bytes]);
    uploads.set(id, all);
    if (patching) return void response.writeHead(202, range(all.length)).end();
    const digest = url.searchParams.get('digest') ?? '';
    uploads.delete(id);
    if (digestOf(all) !== digest) return fail(response, 400, 'DIGEST_INVALID');
    blobs.set(digest, all);
    hold(repository, digest);
    response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}` }).end();
  }

  async function manifest(request: IncomingMessage, response: ServerResponse, repository: string, name: string) {
    const key = name.includes(':') ? `${repository}@${name}` : `${repository}:${name}`;
    if (request.method === 'PUT') {
      const { bytes } = await body(request);
      const digest = digestOf(bytes);
      const held = { mediaType: request.headers['content-type'] ?? '', bytes };
      manifests.set(`${repository}@${digest}`, held);
      if (!name.includes(':')) manifests.set(key, held);
      const { subject } = JSON.parse(bytes.toString()) as { subject?: { digest: string } };
      const known = options.referrers === true && subject !== undefined ? { 'oci-subject': subject.digest } : {};
      return void response.writeHead(201, { 'docker-content-digest': digest, ...known }).end();
    }
    const held = manifests.get(key);
    if (held === undefined) return fail(response, 404, 'MANIFEST_UNKNOWN');
    response.writeHead(200, { 'content-type': held.mediaType, 'docker-content-digest': digestOf(held.bytes) });
    response.end(request.method === 'HEAD' ? undefined : held.bytes);
  }

  function referrers(response: ServerResponse, repository: string, digest: string) {
    if (options.referrers !== true) return fail(response, 404, 'NOT_FOUND');
    const found = [...manifests].filter(([key, { bytes }]) => {
      const { subject } = JSON.parse(bytes.toString()) as { subject?: { digest: string } };
      return key.startsWith(`${repository}@`) && subject?.digest === digest;
    });
    const entries = found.map(([, { bytes, mediaType }]) => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
    }));
    response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' });
    response.end(JSON.stringify({ schemaVersion: 2, manifests: entries }));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://registry');
    requests.push(`${request.method} ${url.pathname}`);
    if (options.intercept?.(request, response) === true) return;
    const [, repository = '', kind = '', name = ''] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|referrers)\/([^/]*)$/.exec(url.pathname) ?? [];
    if (kind === 'blobs') await blobRequest(request, response, repository, name);
    else if (kind === 'blobs/uploads') await upload(request, response, url, repository, name);
    else if (kind === 'manifests') await manifest(request, response, repository, name);
    else if (kind === 'referrers') referrers(response, repository, name);
    else fail(response, 404, 'NAME_UNKNOWN');
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    holds,
    manifests,
    uploads,
    requests,
    received: () => received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { connection: 'close' }).end(JSON.stringify({ errors: [{ code, message: code }] }));
}

/** Reads a body; stops as told, and destroys the connection then. */
async function body(request: IncomingMessage, most = Infinity): Promise<{ bytes: Buffer; whole: boolean }> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of request) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length >= most) {
        request.socket.destroy();
        return { bytes: Buffer.concat(parts).subarray(0, most), whole: false };
      }
    }
  } catch {
    return { bytes: Buffer.concat(parts), whole: false };
  }
  return { bytes: Buffer.concat(parts), whole: true };
}
