import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../digest.ts';
import { parseReference } from '../reference.ts';
import { referrersTag } from '../referrers.ts';
import { RegistryClient } from '../registry.ts';
import { instantTiming } from '../testing/stub-server.ts';
import { startWritableRegistry, type WritableRegistry } from '../testing/writable-registry.ts';
import { bytesSource } from '../upload/blob-source.ts';
import { copyImage, type CopyOptions, type CopyProgress } from './copy.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const client = new RegistryClient({ timing: instantTiming() });

async function put(registry: WritableRegistry, bytes: Buffer, mediaType = 'application/vnd.oci.image.layer.v1.tar') {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await client.pushBlob(parseReference(`${registry.host}/src`), descriptor, bytesSource(bytes));
  return descriptor;
}

async function putManifest(registry: WritableRegistry, document: object, tag?: string, mediaType = MANIFEST) {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
  const digest = digestOf(bytes);
  const reference = { registry: registry.host, repository: 'src', ...(tag === undefined ? { digest } : { tag }) };
  await client.pushManifest(reference, { bytes, mediaType });
  return { mediaType, digest, size: bytes.length };
}

async function putImage(registry: WritableRegistry, architecture: string, layers: readonly Buffer[], tag?: string) {
  const config = await put(
    registry,
    Buffer.from(JSON.stringify({ os: 'linux', architecture })),
    'application/vnd.oci.image.config.v1+json',
  );
  const described = [];
  for (const layer of layers) described.push(await put(registry, layer));
  return putManifest(registry, { config, layers: described }, tag);
}

/** An index of two images that share a layer, with an attestation about the first. */
async function putIndex(registry: WritableRegistry) {
  const shared = randomBytes(5000);
  const amd64 = await putImage(registry, 'amd64', [shared, randomBytes(200_000)]);
  const arm64 = await putImage(registry, 'arm64', [shared, randomBytes(1000)]);
  const attestation = await putManifest(registry, { layers: [await put(registry, Buffer.from('signed'))] });
  const about = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': amd64.digest };
  const manifests = [
    { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
    { ...arm64, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { ...attestation, platform: { os: 'unknown', architecture: 'unknown' }, annotations: about },
  ];
  const index = await putManifest(registry, { manifests, annotations: { kept: 'yes' } }, 'v1', INDEX);
  return { amd64, arm64, attestation, index };
}

function copy(from: WritableRegistry, to: WritableRegistry, options: CopyOptions = {}, destination = 'dst:v2') {
  return copyImage(
    { client, reference: parseReference(`${from.host}/src:v1`) },
    { client, reference: parseReference(`${to.host}/${destination}`) },
    options,
  );
}

describe('copyImage', () => {
  it('copies all platforms with the same digest, each blob once, the tag last', async () => {
    await using from = await startWritableRegistry();
    await using to = await startWritableRegistry();
    const { index } = await putIndex(from);
    const seen: CopyProgress[] = [];
    const result = await copy(from, to, { onProgress: (progress) => void seen.push(progress) });
    expect(result).toMatchObject({
      digest: index.digest,
      manifests: 4,
      referrers: 0,
      blobs: { uploaded: 6, exists: 0 },
    });
    expect(to.manifests.get('dst:v2')?.bytes).toEqual(from.manifests.get('src:v1')?.bytes);
    expect([...to.blobs.keys()].toSorted()).toEqual([...from.blobs.keys()].toSorted());
    expect(to.requests.at(-1)).toBe('PUT /v2/dst/manifests/v2');
    expect(seen.at(-1)).toMatchObject({ doneBytes: result.totalBytes, doneBlobs: 6, totalBlobs: 6 });
    expect(result.sentBytes).toBe(result.totalBytes);
  });

  it('does nothing where the tag has it already, and sends only what is missing', async () => {
    await using from = await startWritableRegistry();
    await using to = await startWritableRegistry();
    await putIndex(from);
    const { totalBytes } = await copy(from, to);
    expect(await copy(from, to)).toMatchObject({ sentBytes: 0, blobs: { exists: 6 } });
    expect(await copy(from, to, {}, 'dst:v3')).toMatchObject({ sentBytes: 0, blobs: { exists: 6 } });
    expect(to.received()).toBe(totalBytes);
  });

  it('mounts within a registry', async () => {
    await using registry = await startWritableRegistry();
    await putIndex(registry);
    const sent = registry.received();
    expect(await copy(registry, registry)).toMatchObject({ blobs: { mounted: 6 }, sentBytes: 0 });
    expect(registry.received()).toBe(sent);
  });

  it('takes one platform out of the index', async () => {
    await using from = await startWritableRegistry();
    await using to = await startWritableRegistry();
    const { arm64 } = await putIndex(from);
    const result = await copy(from, to, { platforms: [{ os: 'linux', architecture: 'arm64' }] });
    expect(result).toMatchObject({ digest: arm64.digest, manifests: 1, blobs: { uploaded: 3 } });
    await expect(copy(from, to, { platforms: [{ os: 'plan9', architecture: 'mips' }] })).rejects.toMatchObject({
      code: 'UnsupportedPlatform',
      remedy: expect.stringContaining('linux/amd64, linux/arm64'),
    });
  });

  it('makes a smaller index of several platforms, with the attestations about them', async () => {
    await using from = await startWritableRegistry();
    await using to = await startWritableRegistry();
    const { amd64, attestation, index } = await putIndex(from);
    const third = await putImage(from, 'riscv64', [randomBytes(100)]);
    const held = JSON.parse(from.manifests.get('src:v1')!.bytes.toString()) as { manifests: object[] };
    held.manifests.push({ ...third, platform: { os: 'linux', architecture: 'riscv64' } });
    await putManifest(from, held, 'v1', INDEX);
    const platforms = ['amd64', 'riscv64'].map((architecture) => ({ os: 'linux', architecture }));
    const { digest } = await copy(from, to, { platforms });
    expect(digest).not.toBe(index.digest);
    const made = JSON.parse(to.manifests.get('dst:v2')!.bytes.toString()) as { manifests: { digest: string }[] };
    expect(made.manifests.map((entry) => entry.digest)).toEqual([amd64.digest, attestation.digest, third.digest]);
    expect(made).toMatchObject({ annotations: { kept: 'yes' } });
  });

  it('refuses a platform that an image without index is not of', async () => {
    await using from = await startWritableRegistry();
    await putImage(from, 'amd64', [randomBytes(10)], 'v1');
    await expect(copy(from, from, { platforms: [{ os: 'linux', architecture: 'arm64' }] })).rejects.toMatchObject({
      code: 'UnsupportedPlatform',
    });
    const result = await copy(from, from, { platforms: [{ os: 'linux', architecture: 'amd64' }] });
    expect(result.manifests).toBe(1);
  });

  it('refuses a destination with another digest', async () => {
    await using registry = await startWritableRegistry();
    await putImage(registry, 'amd64', [randomBytes(10)], 'v1');
    const other = `dst@${digestOf(Buffer.from('other'))}`;
    await expect(copy(registry, registry, {}, other)).rejects.toMatchObject({ code: 'DigestMismatch' });
  });

  it('leaves out layers that are not to be distributed', async () => {
    await using from = await startWritableRegistry();
    await using to = await startWritableRegistry();
    const config = await put(from, Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
    const foreign = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: digestOf(Buffer.from('windows')),
      size: 7,
      urls: ['https://mcr.microsoft.com/x'],
    };
    await putManifest(from, { config, layers: [foreign] }, 'v1');
    expect(await copy(from, to)).toMatchObject({ foreignLayers: 1, blobs: { uploaded: 1 } });
  });

  it.each([true, false])('copies referrers, and what refers to those (API: %s)', async (referrers) => {
    await using from = await startWritableRegistry({ referrers });
    await using to = await startWritableRegistry({ referrers: !referrers });
    const image = await putImage(from, 'amd64', [randomBytes(10)], 'v1');
    const signed = async (subject: object, text: string) => {
      const layer = await put(from, Buffer.from(text));
      const signature = await putManifest(from, { artifactType: 'application/x.sig', layers: [layer], subject });
      const digest = (subject as { digest: string }).digest;
      const repository = { registry: from.host, repository: 'src' };
      if (!referrers) await client.addReferrer(repository, digest, { ...signature, artifactType: 'application/x.sig' });
      return signature;
    };
    const signature = await signed(image, 'signature');
    const countersignature = await signed(signature, 'countersignature');
    expect(await copy(from, to)).toMatchObject({ referrers: 0, manifests: 1 });
    expect(await copy(from, to, { referrers: true })).toMatchObject({ referrers: 2, manifests: 3 });
    const listed = (digest: string) => client.referrers({ registry: to.host, repository: 'dst' }, digest);
    expect((await listed(image.digest)).map(({ digest }) => digest)).toEqual([signature.digest]);
    expect((await listed(signature.digest)).map(({ digest }) => digest)).toEqual([countersignature.digest]);
    expect(to.manifests.has(`dst:${referrersTag(image.digest)}`)).toBe(referrers);
  });

  it('has as many blobs under way as connections are allowed, and no more', async () => {
    const held: ServerResponse[] = [];
    const rounds: number[] = [];
    await using from = await startWritableRegistry();
    await using to = await startWritableRegistry({
      intercept: (request, response) => {
        if (request.method !== 'HEAD' || !request.url?.includes('/blobs/') || rounds.length === 3) return false;
        held.push(response);
        if (held.length === 3) void release();
        return true;
      },
    });
    // A fourth request would have arrived before one that is sent later.
    const release = async () => {
      await fetch(`http://${to.host}/v2/`);
      rounds.push(held.length);
      for (const response of held.splice(0)) response.writeHead(404).end();
    };
    const layers = Array.from({ length: 8 }, () => randomBytes(1000));
    await putImage(from, 'amd64', layers, 'v1');
    await copy(from, to, { connections: 3 });
    expect(rounds).toEqual([3, 3, 3]);
  });

  it('goes on over a source that cuts, and ends at one that is damaged', async () => {
    let cuts = 2;
    await using to = await startWritableRegistry();
    const content = randomBytes(600_000);
    await using from = await startWritableRegistry({
      intercept: (request, response) => {
        if (request.method !== 'GET' || !request.url?.includes(digestOf(content)) || cuts <= 0) return false;
        cuts -= 1;
        const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
        response.writeHead(start === 0 ? 200 : 206, {
          'content-length': content.length - start,
          ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
        });
        response.write(content.subarray(start, start + 200_000), () => response.destroy());
        return true;
      },
    });
    await putImage(from, 'amd64', [content], 'v1');
    await copy(from, to);
    expect(cuts).toBe(0);
    expect(to.blobs.get(digestOf(content))?.equals(content)).toBe(true);

    await using empty = await startWritableRegistry();
    for (const damaged of [Buffer.alloc(content.length), content.subarray(0, 1000)]) {
      from.blobs.set(digestOf(content), damaged);
      await expect(copy(from, empty)).rejects.toMatchObject({ code: 'DigestMismatch' });
      expect(empty.manifests.size).toBe(0);
      expect(empty.blobs.has(digestOf(content))).toBe(false);
    }
  });

  it('names the tag that may not be replaced', async () => {
    await using from = await startWritableRegistry();
    await using to = await startWritableRegistry({
      intercept: (request, response) => {
        if (request.method !== 'PUT' || !request.url?.includes('/manifests/')) return false;
        response.writeHead(412).end('{"errors":[{"code":"PRECONDITION","message":"configured as immutable"}]}');
        return true;
      },
    });
    await putImage(from, 'amd64', [randomBytes(10)], 'v1');
    await expect(copy(from, to)).rejects.toMatchObject({
      code: 'TagImmutable',
      remedy: expect.stringContaining('another tag'),
    });
  });
});
