import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bytesSource, digestOf, parseReference, RegistryClient } from '@kaito/oci';
import { type RegistryProcess, startRegistryProcess } from '@kaito/oci/testing';
import { fetchWeights } from '@kaito/weights';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kaito } from '../../testing/kaito.ts';

const kaito = new Kaito();
const layer = gzipSync(randomBytes(120e6), { level: 0 });
let from: RegistryProcess;
let to: RegistryProcess;
beforeAll(async () => {
  [from, to] = await Promise.all([startRegistryProcess(), startRegistryProcess()]);
  await pushImage();
});
afterAll(async () => {
  await Promise.all([from[Symbol.asyncDispose](), to[Symbol.asyncDispose](), kaito.dispose()]);
});

/** Ctrl-C while a chunk of the layer is under way: when the registry has more than the configuration, which is small. */
async function interruptWithin(child: ChildProcess): Promise<void> {
  while (partsOf('interrupted') < 2 ** 20 && child.exitCode === null)
    await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGINT');
}

/** Bytes of the uploads under way in a repository. */
function partsOf(repository: string): number {
  const uploads = join(to.storage, 'docker/registry/v2/repositories', repository, '_uploads');
  return globSync(join(uploads, '*', 'data'))
    .map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

async function pushImage(): Promise<void> {
  const client = new RegistryClient();
  const reference = parseReference(`${from.host}/team/app:v1`);
  const push = async (bytes: Buffer, mediaType: string) => {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await client.pushBlob(reference, descriptor, bytesSource(bytes));
    return descriptor;
  };
  const config = {
    os: 'linux',
    architecture: 'amd64',
    created: '2026-01-02T03:04:05Z',
    config: { Entrypoint: ['/serve'], Labels: { made: 'here' } },
  };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: await push(Buffer.from(JSON.stringify(config)), 'application/vnd.oci.image.config.v1+json'),
    layers: [await push(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')],
  };
  await client.pushManifest(reference, { bytes: Buffer.from(JSON.stringify(manifest)), mediaType });
}

describe('kaito image', () => {
  test('copy, inspect and list', async () => {
    const copied = await kaito.run(['image', 'copy', `${from.host}/team/app:v1`, `${to.host}/app`]);
    expect(copied).toMatchObject({ code: 0, out: expect.stringMatching(/^[\d.:]+\/app:v1@sha256:[0-9a-f]{64}\n$/) });
    expect(copied.err).toContain('0 B of 114.5 MiB, 0 of 2 blobs');
    expect(copied.err).toContain('2 blobs sent (114');

    const again = await kaito.run(['image', 'copy', '-q', '-o', 'json', `${from.host}/team/app:v1`, `${to.host}/app`]);
    expect(again.err).toBe('');
    expect(JSON.parse(again.out)).toMatchObject({ destination: `${to.host}/app:v1`, sentBytes: 0 });

    const inspected = await kaito.run(['image', 'inspect', `${to.host}/app:v1`]);
    for (const part of [
      'linux/amd64',
      '2026-01-02T03:04:05Z',
      '["/serve"]',
      'made=here',
      digestOf(layer),
      '114.5 MiB',
    ]) {
      expect(inspected.out).toContain(part);
    }
    expect((await kaito.run(['image', 'list', to.host])).out).toBe('app\n');
    expect((await kaito.run(['image', 'list', `${to.host}/app`, '-o', 'json'])).out).toBe('[\n  "v1"\n]\n');
  });

  test('a copy that is interrupted goes on with what has arrived', async () => {
    const args = ['image', 'copy', `${from.host}/team/app:v1`, `${to.host}/interrupted`];
    // A second Ctrl-C would end the chunk too.
    let interrupted: Promise<void> | undefined;
    const cut = await kaito.run(args, {
      onError: (text, child) => {
        if (text.includes('of 114.5 MiB')) interrupted ??= interruptWithin(child);
      },
    });
    await interrupted;
    expect(cut).toMatchObject({ code: 130, out: '' });
    expect(cut.err).toContain('goes on where this one stopped');
    const again = await kaito.run([...args, '-q', '-o', 'json']);
    const { sentBytes, totalBytes } = JSON.parse(again.out) as { sentBytes: number; totalBytes: number };
    expect(totalBytes - sentBytes).toBeGreaterThanOrEqual(32 * 1024 ** 2);
  });

  test.each([
    [['image', 'copy', 'UPPER', 'b'], 'InvalidReference', 1],
    [['image', 'copy', 'HOST/nothing:v1', 'HOST/x'], 'NotFound', 1],
    [['image', 'copy', 'HOST/team/app:v1', 'HOST/x', '--platform', 'linux/arm64'], 'UnsupportedPlatform', 1],
    [['image', 'copy', 'HOST/team/app:v1', 'HOST/x', '--platform', 'linux'], 'takes os/architecture', 2],
    [['image', 'copy', 'HOST/team/app:v1', 'HOST/x', '--connections', '0'], '--connections takes', 2],
    [['image', 'copy', 'HOST/team/app:v1', '127.0.0.1:1/x'], 'NetworkUnreachable', 1],
    [['image', 'copy', 'HOST/team/app:v1', 'registry.test/x', '--plain-http'], 'NetworkUnreachable', 1],
    [['image', 'inspect', 'HOST/team/app:v2'], 'NotFound', 1],
    [['image', 'list', 'HOST/nothing'], 'NotFound', 1],
    [['models', 'push', 'no-such-model', 'HOST/x'], 'UnknownPreset', 1],
    [['models', 'push', './no-such.gguf', 'HOST/x'], 'NotFound', 1],
    [['models', 'push', 'mistral-7b-instruct', 'HOST/x'], 'kaito image copy', 1],
    [['models', 'push', 'smollm2-135m-instruct', 'HOST/x', '--quantisation', 'q9'], 'UnknownQuantisation', 1],
    [['models', 'push', './x.gguf', 'HOST/x', '--sha256', 'abc'], '--sha256 takes', 2],
  ])('one clear error: %j', async (args, says, code) => {
    const ran = await kaito.run(args.map((word) => word.replace('HOST', from.host)));
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err).toContain(says);
    expect(ran.err.match(/^error:/gm)).toHaveLength(1);
  });
});

test('kaito models push: a file that pods pull again, byte for byte', async () => {
  const file = join(kaito.directory, 'ours.gguf');
  writeFileSync(file, layer);
  const pushed = await kaito.run(['models', 'push', file, `${to.host}/models/ours:v1`, '-o', 'json']);
  expect(pushed.code).toBe(0);
  const { reference, weights } = JSON.parse(pushed.out) as { reference: string; weights: string };
  expect(weights).toBe(digestOf(layer));
  rmSync(file);
  const pulled = await fetchWeights(
    { name: 'ours', sources: [{ type: 'oci', reference, file: 'ours.gguf' }] },
    { cacheDirectory: join(kaito.directory, 'weights') },
  );
  expect(readFileSync(pulled.path).equals(layer)).toBe(true);
});
