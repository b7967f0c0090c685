import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findMachine, findModel, loadCatalog } from '../catalog.ts';
import type { ModelArchitecture } from '../model.ts';
import { bitsPerElement, bytesOf, knownDataTypes } from './data-type.ts';
import { kvCacheBytes, kvCacheBytesPerToken } from './kv-cache.ts';
import { longestContext, overheadBytes, type OverheadOptions } from './overhead.ts';
import { formatBytes, GiB, MiB } from './units.ts';
import { usableGpuBytes } from './usable-memory.ts';
import { splitAcross, weightsBytes } from './weights.ts';

const catalog = loadCatalog();
const mistral = findModel(catalog, 'mistral-7b-instruct')!.architecture;
const smollm2 = findModel(catalog, 'smollm2-135m-instruct')!.architecture;

function architecture(overrides: Partial<ModelArchitecture> = {}): ModelArchitecture {
  return { ...mistral, ...overrides };
}

/** DeepSeek-V3's attention, from its config.json. */
const deepseek = architecture({
  layers: 61,
  hiddenSize: 7168,
  attentionHeads: 128,
  kvHeads: 128,
  mla: { kvLoraRank: 512, ropeHeadDimension: 64 },
});

const anyArchitecture: fc.Arbitrary<ModelArchitecture> = fc
  .record({
    layers: fc.integer({ min: 1, max: 128 }),
    kvHeads: fc.constantFrom(1, 2, 4, 8, 32),
    group: fc.constantFrom(1, 2, 4, 8),
    headDimension: fc.constantFrom(64, 80, 128, 256),
    vocabularySize: fc.integer({ min: 256, max: 260_000 }),
    parameters: fc.integer({ min: 1_000_000, max: 700_000_000_000 }),
    window: fc.option(fc.integer({ min: 1, max: 8192 }), { nil: undefined }),
    windowShare: fc.double({ min: 0, max: 1, noNaN: true }),
    mla: fc.boolean(),
  })
  .map(({ group, window, windowShare, mla, ...rest }) => ({
    ...mistral,
    ...rest,
    attentionHeads: rest.kvHeads * group,
    hiddenSize: rest.kvHeads * group * rest.headDimension,
    ...(window === undefined
      ? {}
      : { slidingWindow: window, slidingWindowLayers: Math.round(rest.layers * windowShare) }),
    ...(mla ? { mla: { kvLoraRank: 512, ropeHeadDimension: 64 } } : {}),
  }));

const context = fc.integer({ min: 1, max: 131_072 });
const type = fc.constantFrom(...knownDataTypes());

describe('weights', () => {
  test.each([
    ['mistral-7b-instruct', 'bfloat16', 14_483_464_192],
    ['falcon-40b', 'bfloat16', 82_606_587_904],
    ['llama-2-70b', 'float16', 137_953_296_384],
  ])('%s at %s', (name, dataType, bytes) => {
    expect(weightsBytes(findModel(catalog, name)!.architecture, dataType)).toBe(bytes);
  });

  test('more bits are never fewer bytes, and an unknown type is the widest', () => {
    fc.assert(
      fc.property(anyArchitecture, type, type, (model, a, b) => {
        const [narrow, wide] = bitsPerElement(a)! <= bitsPerElement(b)! ? [a, b] : [b, a];
        expect(weightsBytes(model, narrow)).toBeLessThanOrEqual(weightsBytes(model, wide));
        expect(weightsBytes(model, 'q9_exotic')).toBeGreaterThanOrEqual(weightsBytes(model, wide));
      }),
    );
    expect(bitsPerElement('constructor')).toBeUndefined();
  });

  test('sharding never loses a byte', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 50 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 128 }),
        (bytes, tensorParallel, pipelineParallel, layers) => {
          const even = splitAcross(bytes, { tensorParallel, pipelineParallel });
          const staged = splitAcross(bytes, { tensorParallel, pipelineParallel }, layers);
          expect(even * tensorParallel * pipelineParallel).toBeGreaterThanOrEqual(bytes);
          expect(staged).toBeGreaterThanOrEqual(even - 1);
          expect(staged).toBeLessThanOrEqual(bytes);
        },
      ),
    );
  });

  test('one stage holds the whole, to the byte', () => {
    expect(splitAcross(650_098_179_741_340, { pipelineParallel: 1 }, 57)).toBe(650_098_179_741_340);
  });

  test('an exact multiple takes exactly that many GPUs', () => {
    expect(splitAcross(64 * GiB, { tensorParallel: 4 })).toBe(16 * GiB);
  });
});

describe('KV cache', () => {
  test.each([
    ['GQA: Mistral 7B', mistral, 131_072],
    ['MQA: Falcon 7B', findModel(catalog, 'falcon-7b')!.architecture, 8192],
    ['MHA: Llama 2 7B', findModel(catalog, 'llama-2-7b')!.architecture, 524_288],
    ['MLA: DeepSeek-V3', deepseek, 70_272],
  ])('%s takes so many bytes per token at float16', (_name, model, bytes) => {
    expect(kvCacheBytesPerToken(model)).toBe(bytes);
  });

  test.each([
    [512, 1, 11.25],
    [2048, 4, 180],
    [8192, 1, 180],
  ])('SmolLM2 at %i tokens × %i sequences is what llama.cpp allocates', (contextTokens, sequences, mebibytes) => {
    expect(kvCacheBytes(smollm2, { contextTokens, sequences })).toBe(mebibytes * MiB);
  });

  test('tensor parallelism shares heads down to one, and never an MLA latent', () => {
    expect(kvCacheBytesPerToken(mistral, 'float16', { tensorParallel: 8 })).toBe(16_384);
    expect(kvCacheBytesPerToken(mistral, 'float16', { tensorParallel: 16 })).toBe(16_384);
    expect(kvCacheBytesPerToken(deepseek, 'float16', { tensorParallel: 8 })).toBe(70_272);
  });

  test('a window caps the layers that have it', () => {
    const windowed = architecture({ slidingWindow: 4096 });
    expect(kvCacheBytes(windowed, { contextTokens: 32_768 })).toBe(512 * MiB);
    expect(kvCacheBytes(windowed, { contextTokens: 32_768, windowed: false })).toBe(4096 * MiB);
    expect(kvCacheBytes({ ...windowed, slidingWindowLayers: 16 }, { contextTokens: 32_768 })).toBe((2048 + 256) * MiB);
  });

  test('grows with context, layers, sequences and width; sharding never loses a byte', () => {
    fc.assert(
      fc.property(
        anyArchitecture,
        context,
        context,
        type,
        type,
        fc.constantFrom(1, 2, 3, 4, 8),
        fc.constantFrom(1, 2, 3),
        (model, a, b, typeA, typeB, tensorParallel, pipelineParallel) => {
          const [short, long] = a <= b ? [a, b] : [b, a];
          const [narrow, wide] = bitsPerElement(typeA)! <= bitsPerElement(typeB)! ? [typeA, typeB] : [typeB, typeA];
          const whole = kvCacheBytes(model, { contextTokens: long, cacheType: wide });
          expect(kvCacheBytes(model, { contextTokens: short, cacheType: wide })).toBeLessThanOrEqual(whole);
          expect(kvCacheBytes(model, { contextTokens: long, cacheType: narrow })).toBeLessThanOrEqual(whole);
          expect(
            kvCacheBytes({ ...model, layers: model.layers + 1 }, { contextTokens: long, cacheType: wide }),
          ).toBeGreaterThanOrEqual(whole);
          expect(kvCacheBytes(model, { contextTokens: long, cacheType: wide, sequences: 2 })).toBe(2 * whole);
          const shard = kvCacheBytes(model, { contextTokens: long, cacheType: wide, tensorParallel, pipelineParallel });
          expect(shard * tensorParallel * pipelineParallel).toBeGreaterThanOrEqual(whole);
          expect(shard).toBeLessThanOrEqual(whole);
        },
      ),
    );
  });
});

describe('overhead', () => {
  /** What llama.cpp printed as "compute buffer size", MiB. */
  const printed: [string, ModelArchitecture, Partial<OverheadOptions> & { contextTokens: number }, number][] = [
    ['Mistral 7B', mistral, { contextTokens: 2048 }, 164],
    ['Mistral 7B', mistral, { contextTokens: 32_768 }, 2144],
    ['SmolLM2', smollm2, { contextTokens: 512, flashAttention: true }, 98.25],
    ['SmolLM2', smollm2, { contextTokens: 2048, flashAttention: true }, 102.51],
    ['SmolLM2', smollm2, { contextTokens: 2048, flashAttention: true, batchTokens: 128 }, 25.63],
    ['SmolLM2', smollm2, { contextTokens: 8192, flashAttention: true }, 98.25],
    ['SmolLM2', smollm2, { contextTokens: 2048 }, 99.38],
    ['SmolLM2', smollm2, { contextTokens: 8192 }, 166.38],
    ['SmolLM2', smollm2, { contextTokens: 8192, batchTokens: 128 }, 41.6],
    ['SmolLM2', smollm2, { contextTokens: 2048, sequences: 4 }, 99.38],
  ];
  test.each(printed)(
    '%s: llama.cpp, %j: %d MiB is bounded, by no more than a tenth',
    (_name, model, options, mebibytes) => {
      const fixed = overheadBytes(
        { ...model, vocabularySize: 0, hiddenSize: 0, attentionHeads: 0 },
        { runtime: 'llama.cpp', device: 'gpu', contextTokens: 0 },
      );
      const outputs = 4 * (options.sequences ?? 1) * model.vocabularySize;
      const buffer =
        (overheadBytes(model, { runtime: 'llama.cpp', device: 'gpu', ...options }) - fixed - outputs) / MiB;
      expect(buffer).toBeGreaterThanOrEqual(mebibytes);
      expect(buffer).toBeLessThanOrEqual(mebibytes * 1.1);
    },
  );

  test('grows with the context', () => {
    const runtime = fc.constantFrom('transformers' as const, 'llama.cpp' as const);
    const device = fc.constantFrom('gpu' as const, 'cpu' as const);
    fc.assert(
      fc.property(
        anyArchitecture,
        runtime,
        device,
        fc.boolean(),
        context,
        context,
        (model, kind, where, flashAttention, a, b) => {
          const at = (contextTokens: number) =>
            overheadBytes(model, { runtime: kind, device: where, flashAttention, contextTokens });
          expect(at(Math.min(a, b))).toBeLessThanOrEqual(at(Math.max(a, b)));
          expect(Number.isSafeInteger(at(a))).toBe(true);
        },
      ),
    );
  });

  test('the longest context is the last that fits', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.integer({ min: 1, max: 200_000 }), (threshold, limit) => {
        expect(longestContext(limit, (tokens) => tokens <= threshold)).toBe(Math.min(threshold, limit));
      }),
    );
  });
});

test('the seed: a Mistral 7B at bfloat16 fits one T4 with a context of some two thousand tokens', () => {
  const usable = usableGpuBytes(findMachine(catalog, 'Standard_NC64as_T4_v3')!.gpu!);
  const weights = weightsBytes(mistral, 'bfloat16');
  const fits = (contextTokens: number) =>
    weights +
      kvCacheBytes(mistral, { contextTokens, windowed: false }) +
      overheadBytes(mistral, { runtime: 'transformers', device: 'gpu', contextTokens }) <=
    usable;
  const tokens = longestContext(mistral.contextLength, fits);
  expect(tokens).toBeGreaterThan(1500);
  expect(tokens).toBeLessThan(2500);
});

test('what a GPU offers is less than what is sold, and a GiB is not a GB', () => {
  for (const { gpu } of catalog.machines) {
    if (!gpu) continue;
    expect(usableGpuBytes(gpu)).toBeLessThan(gpu.memoryGiB * GiB);
    expect(usableGpuBytes(gpu)).toBeGreaterThan(gpu.memoryGiB * 0.89 * GiB);
  }
  expect(formatBytes(14_483_464_192)).toBe('13.5 GiB');
  expect(formatBytes(500 * MiB)).toBe('500 MiB');
  expect(bytesOf(3, 'q4_0')).toBe(2);
});
