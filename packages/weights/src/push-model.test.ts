import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@kaito/oci';
import { instantTiming, startStubServer, startWritableRegistry } from '@kaito/oci/testing';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { fetchWeights } from './fetch.ts';
import { pushModel } from './push-model.ts';
import { parseSourceText } from './source-text.ts';

const model = randomBytes(300_000);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'push-model-'));
});
afterEach(() => rm(directory, { recursive: true }));

const options = (cache: string) => ({
  cacheDirectory: join(directory, cache),
  timing: instantTiming(),
  environment: {},
});

describe('pushModel', () => {
  it('makes an artifact that an oci source gives back byte for byte, and the same one each time', async () => {
    await using registry = await startWritableRegistry();
    await using web = await startStubServer((_, response) => void response.end(model));
    const file = join(directory, 'ours.gguf');
    await writeFile(file, model);
    const destination = `${registry.host}/models/ours:v1`;
    const seen: number[] = [];
    const pushed = await pushModel({ name: 'ours', sources: [{ type: 'path', path: file }] }, destination, {
      ...options('one'),
      onPush: (done) => void seen.push(done),
    });
    expect(pushed).toMatchObject({ file: 'ours.gguf', bytes: model.length, weights: digestOf(model), how: 'uploaded' });
    expect(pushed.reference).toBe(`${destination}@${pushed.digest}`);
    expect(seen.at(-1)).toBe(model.length);

    const source = { type: 'https', url: `${web.url}/path/ours.gguf` } as const;
    const again = await pushModel({ name: 'ours', sources: [source] }, destination, options('two'));
    expect(again).toEqual({ ...pushed, how: 'exists' });

    for (const [reference, name] of [
      [pushed.reference, undefined],
      [destination, 'ours.gguf'],
    ] as const) {
      const wanted = { type: 'oci', reference, ...(name === undefined ? {} : { file: name }) } as const;
      const pulled = await fetchWeights({ name: reference, sources: [wanted] }, options(`pull ${name}`));
      expect((await readFile(pulled.path)).equals(model)).toBe(true);
    }
  });

  it('goes from registry to registry', async () => {
    await using first = await startWritableRegistry();
    await using second = await startWritableRegistry();
    const file = join(directory, 'ours.gguf');
    await writeFile(file, model);
    const one = await pushModel(
      { name: 'ours', sources: [{ type: 'path', path: file }] },
      `${first.host}/a:v1`,
      options('one'),
    );
    const source = parseSourceText(`oci://${first.host}/a:v1#ours.gguf`);
    const two = await pushModel({ name: 'ours', sources: [source] }, `${second.host}/b:v1`, options('two'));
    expect(two.digest).toBe(one.digest);
  });

  it.each([
    ['no such reference!', 'InvalidReference'],
    [`localhost:1/a@sha256:${'0'.repeat(64)}`, 'InvalidRequest'],
  ])('refuses the destination %s before it fetches anything', async (destination, code) => {
    const request = { name: 'x', sources: [{ type: 'path', path: '/no/such/file' }] } as const;
    await expect(pushModel(request, destination, options('cache'))).rejects.toMatchObject({ code });
  });
});

test.each([
  ['hub://owner/name/model.gguf', { type: 'hub', repository: 'owner/name', revision: 'main', file: 'model.gguf' }],
  ['hf://owner/name@v2/a/b.gguf', { type: 'hub', repository: 'owner/name', revision: 'v2', file: 'a/b.gguf' }],
  ['https://host/x.gguf?sig=1', { type: 'https', url: 'https://host/x.gguf?sig=1' }],
  ['pip://llm==0.1.2/llm/x.gguf', { type: 'pip', package: 'llm', version: '0.1.2', file: 'llm/x.gguf' }],
  ['oci://host:5000/a/b:v1#x.gguf', { type: 'oci', reference: 'host:5000/a/b:v1', file: 'x.gguf' }],
  ['oci://host/a/b', { type: 'oci', reference: 'host/a/b' }],
  ['./model.gguf', { type: 'path', path: './model.gguf' }],
])('a source as text: %s', (text, source) => {
  expect(parseSourceText(text)).toEqual(source);
});

test.each(['', 'ftp://host/x', 'hub://owner/model.gguf', 'hub://a/b', 'pip://x/y', 'oci://', 'https://'])(
  'no source: %j',
  (text) => {
    expect(() => parseSourceText(text)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  },
);
