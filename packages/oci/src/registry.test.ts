import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Credentials } from './credentials.ts';
import { parseReference } from './reference.ts';
import { RegistryClient } from './registry.ts';
import { emptyContent, OCI_INDEX, putBlob, putManifest, serveRegistry } from './testing/registry-stub.ts';
import { instantTiming, startStubServer } from './testing/stub-server.ts';

const MODEL = Buffer.alloc(400_000, 'weights');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-'));
});
afterEach(() => rm(directory, { recursive: true }));

function modelRegistry() {
  const content = emptyContent();
  const layer = putBlob(content, MODEL, 'model.gguf');
  const config = putBlob(content, Buffer.from('{}'));
  const manifest = putManifest(content, { config, layers: [layer] }, undefined, 'v1');
  return { content, layer, manifest };
}

function client(credentials?: Credentials) {
  return new RegistryClient({ timing: instantTiming(), credentials: async () => credentials });
}

describe('RegistryClient', () => {
  it('resolves a tag and pulls its layer, over a cut', async () => {
    const { content, layer, manifest } = modelRegistry();
    let cuts = 1;
    await using server = await startStubServer((request, response) =>
      serveRegistry(
        content,
        request,
        response,
        request.path.includes('blobs') && cuts-- > 0 ? { cutAfter: 200_000 } : {},
      ),
    );
    const resolved = await client().resolve(`${server.host}/models/tiny:v1`);
    expect(resolved.digest).toBe(manifest.digest);
    expect(resolved.manifest.layers).toEqual([layer]);
    const file = join(directory, 'model');
    await client().pullBlob(resolved.reference, layer, file);
    expect(await readFile(file)).toEqual(MODEL);
    expect(server.requests.at(-1)?.headers.range).toMatch(/^bytes=\d+-$/);
  });

  it('refuses a blob that is not what its digest says', async () => {
    const { content, layer } = modelRegistry();
    content.blobs.set(layer.digest, Buffer.alloc(MODEL.length, 'other'));
    await using server = await startStubServer((request, response) => serveRegistry(content, request, response));
    const failed = client().pullBlob(parseReference(`${server.host}/m/t:v1`), layer, join(directory, 'x'));
    await expect(failed).rejects.toMatchObject({ code: 'DigestMismatch' });
  });

  it('refuses a manifest that is not what its digest says', async () => {
    const { content, manifest } = modelRegistry();
    content.manifests.set(manifest.digest, { mediaType: manifest.mediaType, bytes: Buffer.from('{"layers":[]}') });
    await using server = await startStubServer((request, response) => serveRegistry(content, request, response));
    await expect(client().resolve(`${server.host}/m/t@${manifest.digest}`)).rejects.toMatchObject({
      code: 'DigestMismatch',
    });
  });

  it('chooses the platform from an index, past attestations', async () => {
    const { content, manifest } = modelRegistry();
    const arm = putManifest(content, { layers: [], annotations: { is: 'arm' } });
    const index = {
      manifests: [
        { ...arm, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
        { ...manifest, platform: { os: 'linux', architecture: 'amd64' } },
        {
          ...arm,
          platform: { os: 'unknown', architecture: 'unknown' },
          annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
        },
      ],
    };
    const { digest } = putManifest(content, index, OCI_INDEX, 'multi');
    await using server = await startStubServer((request, response) => serveRegistry(content, request, response));
    const reference = `${server.host}/m/t:multi`;
    const amd = await client().resolve(reference, { platform: { os: 'linux', architecture: 'amd64' } });
    expect(amd).toMatchObject({ digest: manifest.digest, indexDigest: digest });
    const armResolved = await client().resolve(reference, { platform: { os: 'linux', architecture: 'arm64' } });
    expect(armResolved.manifest.annotations).toEqual({ is: 'arm' });
    await expect(
      client().resolve(reference, { platform: { os: 'windows', architecture: 'amd64' } }),
    ).rejects.toMatchObject({
      code: 'UnsupportedPlatform',
      remedy: expect.stringContaining('linux/arm64, linux/amd64'),
    });
  });

  it('reads artifact manifests', async () => {
    const { content, layer } = modelRegistry();
    putManifest(
      content,
      { artifactType: 'application/x', blobs: [layer] },
      'application/vnd.oci.artifact.manifest.v1+json',
      'a',
    );
    await using server = await startStubServer((request, response) => serveRegistry(content, request, response));
    expect((await client().resolve(`${server.host}/m/t:a`)).manifest).toMatchObject({
      artifactType: 'application/x',
      layers: [layer],
    });
  });

  it.each([
    ['not json', 'application/json'],
    ['[]', 'application/json'],
    ['{"layers":{}}', 'application/vnd.oci.image.manifest.v1+json'],
    ['{"layers":[{"digest":"sha256:1","size":1}]}', 'application/vnd.oci.image.manifest.v1+json'],
    ['{"manifests":[{"digest":"x"}]}', OCI_INDEX],
    ['{"manifests":[null]}', OCI_INDEX],
    ['{}', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
  ])('refuses the manifest %s (%s)', async (text, mediaType) => {
    const { content } = modelRegistry();
    content.manifests.set('bad', { mediaType, bytes: Buffer.from(text) });
    await using server = await startStubServer((request, response) => serveRegistry(content, request, response));
    await expect(client().resolve(`${server.host}/m/t:bad`)).rejects.toMatchObject({ code: 'UnsupportedManifest' });
  });

  it('says what does not exist, and does not try that again', async () => {
    await using server = await startStubServer((request, response) => serveRegistry(emptyContent(), request, response));
    const failed = client().resolve(`${server.host}/m/none:v1`);
    await expect(failed).rejects.toMatchObject({
      code: 'NotFound',
      serverCode: 'NAME_UNKNOWN',
      message: expect.stringContaining('no such thing'),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('waits for a registry that is busy', async () => {
    const { content } = modelRegistry();
    await using server = await startStubServer((request, response) =>
      server.requests.length < 3 ? void response.writeHead(429).end() : serveRegistry(content, request, response),
    );
    expect((await client().resolve(`${server.host}/m/t:v1`)).manifest.layers).toHaveLength(1);
  });
});

/** A registry whose tokens last for `lives` requests. */
async function guarded(
  accept: (request: { headers: Record<string, unknown>; body: string; path: string; method: string }) => boolean,
  lives = 99,
) {
  const { content } = modelRegistry();
  let issued = 0;
  let left = 0;
  const server = await startStubServer((request, response) => {
    if (request.path.startsWith('/token')) {
      if (!accept(request)) return void response.writeHead(401).end();
      issued += 1;
      left = lives;
      return void response.end(JSON.stringify({ token: `t${issued}`, expires_in: 300 }));
    }
    if (request.headers.authorization !== `Bearer t${issued}` || left-- <= 0) {
      const challenge = `Bearer realm="${server.url}/token?x=1",service="registry, the \\"best\\"",scope="repository:m/t:pull"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    serveRegistry(content, request, response);
  });
  return server;
}

describe('login', () => {
  it('takes an anonymous token', async () => {
    await using server = await guarded((request) => request.headers['authorization'] === undefined);
    await client().resolve(`${server.host}/m/t:v1`);
    const asked = new URL(server.requests[1]?.path ?? '', server.url).searchParams;
    expect(Object.fromEntries(asked)).toEqual({
      x: '1',
      service: 'registry, the "best"',
      scope: 'repository:m/t:pull',
    });
  });

  it('exchanges a name and a password', async () => {
    const basic = `Basic ${Buffer.from('me:s:cret').toString('base64')}`;
    await using server = await guarded((request) => request.headers['authorization'] === basic);
    await client({ kind: 'basic', username: 'me', password: 's:cret' }).resolve(`${server.host}/m/t:v1`);
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer t1');
  });

  it('exchanges a refresh token by POST', async () => {
    await using server = await guarded(
      (request) => request.method === 'POST' && new URLSearchParams(request.body).get('refresh_token') === 'r',
    );
    await client({ kind: 'refresh', token: 'r' }).resolve(`${server.host}/m/t:v1`);
    expect(new URLSearchParams(server.requests[1]?.body).get('grant_type')).toBe('refresh_token');
  });

  it('keeps a token, and takes a new one when it runs out', async () => {
    await using server = await guarded(() => true, 2);
    const registry = client();
    for (let round = 0; round < 3; round += 1) await registry.resolve(`${server.host}/m/t:v1`);
    expect(server.requests.filter(({ path }) => path.startsWith('/token'))).toHaveLength(2);
  });

  it('speaks basic to a registry that wants it', async () => {
    const { content } = modelRegistry();
    const basic = `Basic ${Buffer.from('me:pw').toString('base64')}`;
    await using server = await startStubServer((request, response) =>
      request.headers.authorization === basic
        ? serveRegistry(content, request, response)
        : void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    const resolved = await client({ kind: 'basic', username: 'me', password: 'pw' }).resolve(`${server.host}/m/t:v1`);
    expect(resolved.manifest.layers).toHaveLength(1);
  });

  it.each([undefined, { kind: 'basic', username: 'a', password: 'b' } as const])(
    'says that a login is missing or wrong (%j)',
    async (credentials) => {
      await using server = await guarded(() => false);
      await expect(client(credentials).resolve(`${server.host}/m/t:v1`)).rejects.toMatchObject({
        code: 'Unauthorized',
        remedy: expect.stringContaining(`docker login ${server.host}`),
      });
    },
  );

  it('says that the right is missing', async () => {
    await using server = await startStubServer((_, response) => void response.writeHead(403).end());
    await expect(client().resolve(`${server.host}/m/t:v1`)).rejects.toMatchObject({ code: 'Denied' });
  });
});
