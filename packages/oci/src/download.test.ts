import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';
import { download, type DownloadOptions, type TransferProgress } from './download.ts';
import { HttpClient } from './http.ts';
import { statusError } from './http-errors.ts';
import { instantTiming, serveBytes, startStubServer, type StubServer } from './testing/stub-server.ts';

const CONTENT = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 8)) & 255));
const OTHER = Buffer.from(CONTENT.map((byte) => byte ^ 255));
const DIGEST = digestOf(CONTENT);

let directory: string;
let file: string;
const http = new HttpClient();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'download-'));
  file = join(directory, 'partial', 'file');
});
afterEach(() => rm(directory, { recursive: true }));

function run(server: StubServer, options: Partial<DownloadOptions> = {}) {
  const url = new URL(server.url);
  return download({
    file,
    timing: instantTiming(),
    open: async (headers) => {
      const response = await http.send({ url, headers, signal: options.signal });
      if ([200, 206, 416].includes(response.status)) return response;
      response.body.resume();
      throw statusError(url, response.status, response.headers, '');
    },
    ...options,
  });
}

const ranges = (server: StubServer) => server.requests.map(({ headers }) => headers.range);

describe('download', () => {
  it('fetches, hashes and reports', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, CONTENT));
    const seen: TransferProgress[] = [];
    const result = await run(server, { digest: DIGEST, onProgress: (progress) => seen.push(progress) });
    expect(result).toEqual({ digest: DIGEST, bytes: CONTENT.length });
    expect(await readFile(file)).toEqual(CONTENT);
    expect(seen.at(-1)).toEqual({ step: 'download', doneBytes: CONTENT.length, totalBytes: CONTENT.length });
  });

  it.each([{ digest: DIGEST }, {}])('goes on after a cut where it stopped (%j)', async (wanted) => {
    await using server = await startStubServer((request, response) =>
      serveBytes(request, response, CONTENT, {
        etag: '"a"',
        ...(server.requests.length < 3 ? { cutAfter: 700_000 } : {}),
      }),
    );
    const result = await run(server, wanted);
    expect(result.digest).toBe(DIGEST);
    const offsets = ranges(server).map((range) => Number(/\d+/.exec(range ?? '0')?.[0]));
    expect(offsets[0]).toBe(0);
    expect(offsets[1]).toBeGreaterThan(0);
    expect(offsets[2]).toBeGreaterThan(offsets[1] ?? 0);
    expect(server.requests).toHaveLength(3);
  });

  it('goes on after a restart of the program, hashing again what lies there', async () => {
    const cut = new AbortController();
    await using server = await startStubServer((request, response) =>
      serveBytes(request, response, CONTENT, {
        etag: '"a"',
        ...(server.requests.length === 1 ? { cutAfter: 1_500_000 } : {}),
      }),
    );
    const first = run(server, {
      timing: { ...instantTiming(), sleep: () => Promise.reject(new Error('stop')) },
      signal: cut.signal,
    });
    await expect(first).rejects.toMatchObject({ code: 'Aborted' });
    const { size } = await stat(file);
    expect(size).toBeGreaterThan(0);
    const steps = new Set<string>();
    const result = await run(server, { onProgress: ({ step }) => steps.add(step) });
    expect(result.digest).toBe(DIGEST);
    expect(server.requests[1]?.headers).toMatchObject({ range: `bytes=${size}-`, 'if-range': '"a"' });
    expect([...steps]).toEqual(['verify', 'download']);
  });

  it('starts anew when the file changed meanwhile', async () => {
    await using server = await startStubServer((request, response) => {
      const first = server.requests.length === 1;
      serveBytes(request, response, first ? OTHER : CONTENT, {
        etag: first ? '"old"' : '"new"',
        ...(first ? { cutAfter: 900_000 } : {}),
      });
    });
    expect((await run(server)).digest).toBe(DIGEST);
    expect(server.requests).toHaveLength(2);
  });

  it('starts anew when a range is answered from another version in spite of If-Range', async () => {
    await using server = await startStubServer((request, response) => {
      const first = server.requests.length === 1;
      delete (request.headers as Record<string, unknown>)['if-range'];
      serveBytes(request, response, first ? OTHER : CONTENT, {
        etag: first ? '"old"' : '"new"',
        ...(first ? { cutAfter: 900_000 } : {}),
      });
    });
    expect((await run(server)).digest).toBe(DIGEST);
    expect(ranges(server).at(-1)).toBeUndefined();
  });

  it('takes the whole where ranges are ignored', async () => {
    await using server = await startStubServer((request, response) =>
      serveBytes(request, response, CONTENT, {
        ignoreRange: true,
        ...(server.requests.length === 1 ? { cutAfter: 900_000 } : {}),
      }),
    );
    expect(await run(server, { digest: DIGEST })).toEqual({ digest: DIGEST, bytes: CONTENT.length });
    expect(await readFile(file)).toEqual(CONTENT);
  });

  it('takes a file that is complete already without a body', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, CONTENT));
    await run(server, { digest: DIGEST });
    await run(server, { digest: DIGEST });
    expect(server.requests).toHaveLength(2);
    await run(server, { digest: DIGEST, bytes: CONTENT.length });
    expect(server.requests).toHaveLength(2);
  });

  it('replaces damaged bytes of an earlier try', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, CONTENT));
    await run(server, { digest: DIGEST });
    await writeFile(file, OTHER.subarray(0, 1_000_000));
    expect((await run(server, { digest: DIGEST })).digest).toBe(DIGEST);
    expect(ranges(server)).toEqual([undefined, 'bytes=1000000-', undefined]);
  });

  it('refuses another digest, and leaves nothing', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, OTHER));
    await expect(run(server, { digest: DIGEST })).rejects.toMatchObject({ code: 'DigestMismatch' });
    expect(server.requests).toHaveLength(1);
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses another size before fetching', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, CONTENT));
    await expect(run(server, { bytes: 17 })).rejects.toMatchObject({
      code: 'DigestMismatch',
      message: expect.stringContaining('17 bytes'),
    });
  });

  it('refuses more bytes than announced by the request where the server tells no length', async () => {
    await using server = await startStubServer((request, response) =>
      serveBytes(request, response, CONTENT, { chunked: true }),
    );
    await expect(run(server, { bytes: 1000 })).rejects.toMatchObject({ code: 'DigestMismatch' });
  });

  it('says before the download that the disk is too small', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, CONTENT));
    const failed = run(server, { freeBytes: async () => 1_000_000 });
    await expect(failed).rejects.toMatchObject({ code: 'NoSpace', message: expect.stringContaining('1 MiB free') });
    expect((await stat(file)).size).toBe(0);
  });

  it.runIf(process.platform === 'linux')('says that the disk is full when a write fails', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, CONTENT));
    const full = join(directory, 'full');
    await symlink('/dev/full', full);
    const failed = run(server, { file: full, freeBytes: async () => Number.MAX_SAFE_INTEGER });
    await expect(failed).rejects.toMatchObject({ code: 'NoSpace', message: expect.stringContaining('disk is full') });
  });

  it('waits as long as a 429 asks, and backs off from a 503', async () => {
    await using server = await startStubServer((request, response) => {
      if (server.requests.length === 1) response.writeHead(429, { 'retry-after': '7' }).end();
      else if (server.requests.length < 4) response.writeHead(503).end();
      else serveBytes(request, response, CONTENT);
    });
    const timing = instantTiming();
    await run(server, { timing });
    expect(timing.slept).toEqual([7350, 750, 1500]);
  });

  it('gives up after tries without progress', async () => {
    await using server = await startStubServer((_, response) => response.writeHead(500).end());
    await expect(run(server)).rejects.toMatchObject({ code: 'ServerError', status: 500 });
    expect(server.requests).toHaveLength(6);
  });

  it('does not try again what cannot get better', async () => {
    await using server = await startStubServer((_, response) => response.writeHead(404).end());
    await expect(run(server)).rejects.toMatchObject({ code: 'NotFound' });
    expect(server.requests).toHaveLength(1);
  });

  it('stops at once when aborted, and keeps what it has', async () => {
    const abort = new AbortController();
    await using server = await startStubServer((_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length, etag: '"a"' });
      response.write(CONTENT.subarray(0, 500_000));
    });
    const failed = run(server, {
      signal: abort.signal,
      onProgress: ({ doneBytes }) => doneBytes === 500_000 && abort.abort(),
    });
    await expect(failed).rejects.toMatchObject({ code: 'Aborted' });
    expect((await stat(file)).size).toBe(500_000);
  });
});
