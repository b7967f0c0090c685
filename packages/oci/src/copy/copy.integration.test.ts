import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../digest.ts';
import { parseReference } from '../reference.ts';
import { RegistryClient } from '../registry.ts';
import { debianProgram } from '../testing/debian.ts';
import { type RegistryProcess, startRegistryProcess } from '../testing/registry-process.ts';
import { bytesSource } from '../upload/blob-source.ts';
import { fileJournal } from '../upload/journal.ts';
import { copyImage } from './copy.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const client = new RegistryClient();

const loggedIn = () =>
  new RegistryClient({ credentials: async () => ({ kind: 'basic', username: 'me', password: 'secret' }) });

let directory: string;
let from: RegistryProcess;
let to: RegistryProcess;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'copy-'));
  [from, to] = await Promise.all([startRegistryProcess(), startRegistryProcess()]);
  await pushIndex(from.host);
});
afterAll(async () => {
  await Promise.all([from[Symbol.asyncDispose](), to[Symbol.asyncDispose]()]);
  await rm(directory, { recursive: true });
});

async function push(host: string, bytes: Buffer, mediaType: string) {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await client.pushBlob(parseReference(`${host}/team/app`), descriptor, bytesSource(bytes));
  return descriptor;
}

async function pushManifest(host: string, document: object, mediaType: string, tag?: string) {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
  const digest = digestOf(bytes);
  const name = tag === undefined ? { digest } : { tag };
  await client.pushManifest({ registry: host, repository: 'team/app', ...name }, { bytes, mediaType });
  return { mediaType, digest, size: bytes.length };
}

/** Two platforms with layers of 50 and 3 MB. */
async function pushIndex(host: string): Promise<void> {
  const manifests = [];
  for (const [architecture, size] of [
    ['amd64', 50e6],
    ['arm64', 3e6],
  ] as const) {
    const plain = randomBytes(size);
    const layer = await push(host, gzipSync(plain, { level: 0 }), LAYER);
    const rootfs = { type: 'layers', diff_ids: [digestOf(plain)] };
    const config = { os: 'linux', architecture, config: { Labels: { made: 'here' } }, rootfs };
    const described = await push(host, Buffer.from(JSON.stringify(config)), CONFIG);
    const manifest = await pushManifest(host, { config: described, layers: [layer] }, MANIFEST);
    manifests.push({ ...manifest, platform: { os: 'linux', architecture } });
  }
  await pushManifest(host, { manifests }, INDEX, 'v1');
}

const run = promisify(execFile);
async function skopeo(...args: string[]): Promise<string> {
  const program = await debianProgram('skopeo');
  const { stdout } = await run(program.path, ['--insecure-policy', ...args], {
    env: { ...process.env, ...program.environment },
  });
  return stdout;
}

const source = () => ({ client, reference: parseReference(`${from.host}/team/app:v1`) });
const copyTo = (name: string, options = {}) =>
  copyImage(source(), { client, reference: parseReference(`${to.host}/${name}`) }, options);

describe('between real registries', () => {
  it('copies what skopeo reads and copies on', async () => {
    const { digest } = await copyTo('team/app:v1', { chunkBytes: 8e6 });
    const raw = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${to.host}/team/app:v1`);
    expect(digestOf(Buffer.from(raw))).toBe(digest);
    const inspected = await skopeo('inspect', '--tls-verify=false', `docker://${to.host}/team/app@${digest}`);
    expect(JSON.parse(inspected)).toMatchObject({ Labels: { made: 'here' }, Layers: [expect.any(String)] });
    const target = join(directory, 'layout');
    await skopeo('copy', '--all', '--src-tls-verify=false', `docker://${to.host}/team/app:v1`, `oci:${target}:v1`);
  });

  it('mounts within one, and lists what there is', async () => {
    const other = parseReference(`${from.host}/other/app:v2`);
    const result = await copyImage(source(), { client, reference: other });
    expect(result).toMatchObject({ sentBytes: 0, blobs: { uploaded: 0, mounted: 4 } });
    const repositories: string[] = [];
    for await (const name of client.repositories(from.host)) repositories.push(name);
    expect(repositories).toEqual(['other/app', 'team/app']);
    for await (const tag of client.tags(other)) expect(tag).toBe('v2');
  });

  it('keeps referrers by their tag in a registry without the API', async () => {
    const subject = await client.fetchManifest(parseReference(`${from.host}/team/app:v1`));
    const config = await push(from.host, Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
    const about = { mediaType: INDEX, digest: subject.digest, size: subject.bytes.length };
    const signature = await pushManifest(from.host, { config, layers: [config], subject: about }, MANIFEST);
    const app = { registry: from.host, repository: 'team/app' };
    await client.addReferrer(app, subject.digest, signature);
    expect(await copyTo('signed:v1', { referrers: true })).toMatchObject({ referrers: 1 });
    const found = await client.referrers({ registry: to.host, repository: 'signed' }, subject.digest);
    expect(found.map(({ digest }) => digest)).toEqual([signature.digest]);
  });

  it('goes on, after a drain, with the chunks that the registry has', async () => {
    const chunkBytes = 4e6;
    const journal = fileJournal(join(directory, 'uploads'), Date.now);
    const drain = new AbortController();
    const onProgress = ({ doneBytes }: { doneBytes: number }) => {
      if (doneBytes > 20e6) drain.abort();
    };
    const cut = copyTo('drained:v1', {
      chunkBytes,
      journal,
      drain: drain.signal,
      onProgress,
      now: () => Date.now() * 1e3,
    });
    await expect(cut).rejects.toMatchObject({ code: 'Aborted' });
    const { sentBytes } = await copyTo('drained:v1', { chunkBytes, journal });
    expect(sentBytes).toBeLessThan(36e6);
    await skopeo('inspect', '--tls-verify=false', `docker://${to.host}/drained:v1`);
  });

  it('outlives a registry that is killed midway and comes back', async () => {
    let victim = await startRegistryProcess({ storage: join(directory, 'victim') });
    const { port } = victim;
    const { promise: under, resolve: begun } = Promise.withResolvers<void>();
    const copying = copyImage(
      source(),
      { client, reference: parseReference(`127.0.0.1:${port}/team/app:v1`) },
      {
        chunkBytes: 4e6,
        now: () => Date.now() * 1e3,
        onProgress: ({ doneBytes }) => {
          if (doneBytes > 10e6) begun();
        },
      },
    );
    await under;
    await victim.kill();
    victim = await startRegistryProcess({ storage: join(directory, 'victim'), port });
    try {
      const { digest } = await copying;
      const raw = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${victim.host}/team/app:v1`);
      expect(digestOf(Buffer.from(raw))).toBe(digest);
    } finally {
      await victim[Symbol.asyncDispose]();
    }
  });

  it('says what is not there, and who may not', async () => {
    const missing = copyImage(
      { client, reference: parseReference(`${from.host}/nothing:v1`) },
      { client, reference: parseReference(`${to.host}/x:v1`) },
    );
    await expect(missing).rejects.toMatchObject({ code: 'NotFound' });
    // The password is "secret" (bcrypt, cost 4).
    const htpasswd = 'me:$2b$04$7VyOLHv1IKLOYiVLWlEiKun4IAH8gUmCl5LHXwd6aFWCaa/olPxXG\n';
    await using guarded = await startRegistryProcess({ htpasswd });
    const to401 = { client, reference: parseReference(`${guarded.host}/x:v1`) };
    await expect(copyImage(source(), to401)).rejects.toMatchObject({ code: 'Unauthorized' });
    const result = await copyImage(source(), { client: loggedIn(), reference: to401.reference });
    expect(result.blobs.uploaded).toBe(4);
  });

  it('names a full disk at the registry', async () => {
    await using full = await startRegistryProcess({ diskBytes: 16 * 1024 ** 2 });
    const copying = copyImage(source(), { client, reference: parseReference(`${full.host}/x:v1`) });
    await expect(copying).rejects.toMatchObject({ code: 'NoSpace' });
  });
});
