import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../digest.ts';
import { parseReference } from '../reference.ts';
import { RegistryClient } from '../registry.ts';
import { instantTiming } from '../testing/stub-server.ts';
import { startWritableRegistry, type WritableRegistry } from '../testing/writable-registry.ts';
import { bytesSource, type BlobSource } from './blob-source.ts';
import { fileJournal } from './journal.ts';

const MB = 1_000_000;
const bytes = randomBytes(10 * MB);
const blob = { digest: digestOf(bytes), size: bytes.length };
const chunkBytes = 3 * MB;

const client = () => new RegistryClient({ timing: instantTiming() });
const target = (registry: WritableRegistry) => parseReference(`${registry.host}/team/model`);
const push = (registry: WritableRegistry, options = {}, source: BlobSource = bytesSource(bytes)) =>
  client().pushBlob(target(registry), blob, source, { chunkBytes, ...options });

let directory: string;
const journal = () => fileJournal(join(directory, 'uploads'), Date.now);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'push-blob-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('pushBlob', () => {
  it.each([
    [{}, 4],
    [{ relative: true }, 4],
    [{ leastChunk: 6 * MB }, 2],
  ])('sends a large blob in chunks (%j)', async (options, chunks) => {
    await using registry = await startWritableRegistry(options);
    const seen: number[] = [];
    const pushed = await push(registry, { onProgress: (done: number) => void seen.push(done) });
    expect(pushed).toEqual({ how: 'uploaded', sentBytes: blob.size });
    expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
    expect(registry.requests.filter((line) => line.startsWith('PATCH'))).toHaveLength(chunks);
    expect(seen.at(-1)).toBe(blob.size);
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
  });

  it('sends a small one, and an empty one, in one request', async () => {
    await using registry = await startWritableRegistry();
    for (const content of [Buffer.from('small'), Buffer.alloc(0)]) {
      const small = { digest: digestOf(content), size: content.length };
      await client().pushBlob(target(registry), small, bytesSource(content));
      expect(registry.blobs.get(small.digest)?.equals(content)).toBe(true);
    }
    expect(registry.requests.map((line) => line.split(' ')[0])).toEqual(['HEAD', 'POST', 'PUT', 'HEAD', 'POST', 'PUT']);
  });

  it('sends nothing that is there already', async () => {
    await using registry = await startWritableRegistry();
    await push(registry);
    expect(await push(registry)).toEqual({ how: 'exists', sentBytes: 0 });
    expect(registry.received()).toBe(blob.size);
  });

  it('mounts from a repository beside it, and sends where that has it not', async () => {
    await using registry = await startWritableRegistry();
    await push(registry);
    const other = parseReference(`${registry.host}/other`);
    const mounted = await client().pushBlob(other, blob, bytesSource(bytes), { mountFrom: 'team/model' });
    expect(mounted).toEqual({ how: 'mounted', sentBytes: 0 });
    const third = parseReference(`${registry.host}/third`);
    const sent = await client().pushBlob(third, blob, bytesSource(bytes), { mountFrom: 'nowhere' });
    expect(sent.how).toBe('uploaded');
  });

  it('sends whole to a registry without chunks', async () => {
    await using registry = await startWritableRegistry({ chunks: false });
    expect((await push(registry)).how).toBe('uploaded');
    expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
  });

  it('sends smaller chunks where they are too large', async () => {
    await using registry = await startWritableRegistry({ mostChunk: 4.5 * MB });
    await push(registry, { chunkBytes: 8 * MB });
    expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
  });

  it('goes on where a connection was cut', async () => {
    await using registry = await startWritableRegistry({ cutPatch: (count) => (count === 2 ? MB : undefined) });
    await push(registry);
    expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
    expect(registry.received()).toBe(blob.size);
  });

  it('starts anew where the registry forgets an upload that was cut', async () => {
    await using registry = await startWritableRegistry({
      cut: 'forgotten',
      cutPatch: (count) => (count === 3 ? MB : undefined),
    });
    await push(registry);
    expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
  });

  it('gives up on a registry that cuts each time', async () => {
    await using registry = await startWritableRegistry({ cut: 'forgotten', cutPatch: () => MB });
    await expect(push(registry)).rejects.toMatchObject({ code: 'NetworkUnreachable' });
  });

  it('waits as a busy registry asks', async () => {
    let busy = 3;
    await using registry = await startWritableRegistry({
      intercept: (request, response) => {
        if (request.method !== 'PATCH' || busy-- <= 0) return false;
        response.writeHead(429, { 'retry-after': '7', connection: 'close' }).end();
        return true;
      },
    });
    const timing = instantTiming();
    await new RegistryClient({ timing }).pushBlob(target(registry), blob, bytesSource(bytes), { chunkBytes });
    expect(timing.slept.filter((ms) => ms >= 7000)).toHaveLength(3);
    expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
  });

  it('does not complete a blob that is not what its digest says', async () => {
    await using registry = await startWritableRegistry();
    const wrong = Buffer.from(bytes);
    wrong.writeUInt8(wrong.readUInt8(9 * MB) ^ 1, 9 * MB);
    await expect(push(registry, {}, bytesSource(wrong))).rejects.toMatchObject({ code: 'DigestMismatch' });
    await expect(push(registry, { chunkBytes: 20 * MB }, bytesSource(wrong))).rejects.toMatchObject({
      code: 'DigestMismatch',
    });
    await expect(push(registry, {}, bytesSource(bytes.subarray(0, 5 * MB)))).rejects.toMatchObject({
      code: 'DigestMismatch',
      message: expect.stringContaining('ends after 5000000 of 10000000 bytes'),
    });
    expect(registry.blobs.size).toBe(0);
    expect(registry.uploads.size).toBe(0);
  });

  it.each([
    [403, '{"errors":[{"code":"DENIED","message":"no push"}]}', 'Denied', 'right to write'],
    [404, '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}', 'NotFound', 'create it first'],
    [507, '', 'NoSpace', 'Free space'],
    [500, '{"errors":[{"code":"UNKNOWN","message":"write: no space left on device"}]}', 'NoSpace', 'Free space'],
  ])('says why a registry takes nothing: %i %s', async (status, text, code, remedy) => {
    await using registry = await startWritableRegistry({
      intercept: (request, response) => {
        if (request.method !== 'POST') return false;
        response.writeHead(status).end(text);
        return true;
      },
    });
    await expect(push(registry)).rejects.toMatchObject({ code, remedy: expect.stringContaining(remedy) });
    expect(registry.requests.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });
});

describe('a push that is taken up again', () => {
  it('sends again less than one chunk', async () => {
    const stop = new AbortController();
    await using registry = await startWritableRegistry();
    const onProgress = (done: number) => {
      if (done > 7 * MB) stop.abort();
    };
    const first = push(registry, { journal: journal(), signal: stop.signal, onProgress });
    await expect(first).rejects.toMatchObject({ code: 'Aborted' });
    const [file = ''] = await readdir(join(directory, 'uploads'));
    expect((await stat(join(directory, 'uploads', file))).mode & 0o777).toBe(0o600);
    expect((await push(registry, { journal: journal() })).sentBytes).toBeLessThanOrEqual(4 * MB);
    expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
    expect(registry.received()).toBeLessThan(blob.size + chunkBytes);
    expect(await readdir(join(directory, 'uploads'))).toEqual([]);
  });

  it('ends between two chunks when it is drained, and loses nothing', async () => {
    const drain = new AbortController();
    await using registry = await startWritableRegistry({ cut: 'forgotten' });
    const onProgress = (done: number) => {
      if (done > 4 * MB) drain.abort();
    };
    const first = push(registry, { journal: journal(), drain: drain.signal, onProgress });
    await expect(first).rejects.toMatchObject({ code: 'Aborted' });
    expect(registry.received()).toBe(2 * chunkBytes);
    await push(registry, { journal: journal() });
    expect(registry.received()).toBe(blob.size);
  });

  it('starts anew where the registry knows nothing of it, or has other bytes', async () => {
    await using registry = await startWritableRegistry();
    for (const spoil of ['forgotten', 'altered'] as const) {
      registry.blobs.clear();
      registry.holds.clear();
      const cut = new AbortController();
      const progress = (done: number) => {
        if (done > 7 * MB) cut.abort();
      };
      await push(registry, { journal: journal(), signal: cut.signal, onProgress: progress }).catch(() => {});
      for (const [name, held] of registry.uploads) {
        if (spoil === 'forgotten') registry.uploads.delete(name);
        else registry.uploads.set(name, Buffer.alloc(held.length));
      }
      await push(registry, { journal: journal() });
      expect(registry.blobs.get(blob.digest)?.equals(bytes)).toBe(true);
    }
  });

  it('leaves alone what another living process has under way, what is torn, and what is old', async () => {
    const uploads = fileJournal(directory, () => Date.now());
    await uploads.save('mine', { location: 'http://x/', offset: 1 });
    const [file = ''] = await readdir(directory);
    const path = join(directory, file);
    expect(await uploads.load('mine')).toEqual({ location: 'http://x/', offset: 1 });
    const saved = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...saved, pid: 1 }));
    expect(await uploads.load('mine')).toBeUndefined();
    await writeFile(path, '{"loc');
    expect(await uploads.load('mine')).toBeUndefined();
    await uploads.save('mine', { location: 'http://x/', offset: 1 });
    expect(await fileJournal(directory, () => Date.now() + 8 * 24 * 3600 * 1000).load('mine')).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
  });
});
