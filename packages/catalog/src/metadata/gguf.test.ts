import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { findModel, loadCatalog } from '../catalog.ts';
import { architectureFromGguf, ggufTensorBytes } from './gguf-architecture.ts';
import { readGgufHeader } from './gguf-header.ts';
import { gguf, smollm2Metadata, smollm2Tensors, type Written } from './gguf.factory.ts';

function header(parts: Parameters<typeof gguf>[0]) {
  const read = readGgufHeader(gguf(parts));
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return read.header;
}

function code(bytes: Uint8Array): string | undefined {
  const read = readGgufHeader(bytes);
  return read.ok ? undefined : read.findings[0]?.code;
}

/** Bytes of the real file and of its header, as measured. */
const [smollm2FileBytes, smollm2HeaderBytes] = [98_362_432, 1_785_664];

test('SmolLM2: the header gives the catalog its architecture and the file its size', () => {
  const read = header({ metadata: smollm2Metadata, tensors: smollm2Tensors });
  expect(architectureFromGguf(read)).toEqual({
    ok: true,
    findings: [],
    architecture: findModel(loadCatalog(), 'smollm2-135m-instruct')!.architecture,
  });
  expect(ggufTensorBytes(read)).toBe(smollm2FileBytes - smollm2HeaderBytes);
  expect(read.metadata.get('tokenizer.ggml.tokens')).toEqual({ arrayLength: 3 });
});

test.each([2, 3])('version %i is read', (version) => {
  expect(header({ version }).version).toBe(version);
});

test('MLA, per-layer heads and windows are read', () => {
  const metadata: Record<string, Written> = {
    'general.architecture': { text: 'deepseek2' },
    'deepseek2.block_count': { u32: 61 },
    'deepseek2.context_length': { u32: 163_840 },
    'deepseek2.embedding_length': { u32: 7168 },
    'deepseek2.attention.head_count': { u32: 128 },
    'deepseek2.attention.head_count_kv': { u32s: [1, 2, 1] },
    'deepseek2.attention.key_length': { u32: 192 },
    'deepseek2.attention.kv_lora_rank': { u32: 512 },
    'deepseek2.rope.dimension_count': { u32: 64 },
  };
  expect(architectureFromGguf(header({ metadata }))).toMatchObject({
    architecture: { kvHeads: 2, headDimension: 192, mla: { kvLoraRank: 512, ropeHeadDimension: 64 } },
    findings: [{ code: 'NoTensors' }],
  });
  const gemma = Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key.replace('deepseek2', 'gemma2'), value]),
  );
  const windowed = {
    ...gemma,
    'general.architecture': { text: 'gemma2' },
    'gemma2.attention.sliding_window': { u32: 4096 },
  };
  expect(architectureFromGguf(header({ metadata: windowed }))).toMatchObject({
    architecture: { slidingWindow: 4096, slidingWindowLayers: 31 },
  });
});

test('a header without the keys of a language model names those it lacks', () => {
  expect(architectureFromGguf(header({}))).toMatchObject({ ok: false, findings: [{ code: 'ArchitectureIncomplete' }] });
  const read = architectureFromGguf(header({ metadata: { 'general.architecture': { text: 'clip' } } }));
  expect(read.findings[0]?.message).toContain('clip.block_count');
});

test('wrong, foreign and damaged files each have their finding', () => {
  const good = gguf({ metadata: smollm2Metadata });
  expect(code(new TextEncoder().encode('<!DOCTYPE html><html>'))).toBe('NotGguf');
  expect(code(gguf({ version: 1 }))).toBe('GgufVersion');
  expect(code(gguf({ version: 0x03_00_00_00 }))).toBe('GgufVersion');
  expect(code(good.subarray(0, good.length - 1))).toBe('GgufTruncated');
  expect(code(new Uint8Array())).toBe('GgufTruncated');
  const absurd = Buffer.from(gguf({}));
  absurd.writeBigUInt64LE(2n ** 60n, 8);
  expect(code(absurd)).toBe('GgufMalformed');
  const many = Buffer.from(gguf({}));
  many.writeBigUInt64LE(999_999n, 8);
  expect(code(many)).toBe('GgufTruncated');
});

test('every truncation of a header is a finding, never a throw', () => {
  const whole = gguf({ metadata: smollm2Metadata, tensors: smollm2Tensors.slice(0, 3) });
  for (let length = 0; length < whole.length; length++) expect(code(whole.subarray(0, length))).toBe('GgufTruncated');
});

test('random bytes, and random bytes behind a good beginning, never throw', () => {
  const beginning = gguf({ metadata: smollm2Metadata });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), fc.nat(beginning.length), fc.boolean(), (noise, keep, behind) => {
      const bytes = behind ? Buffer.concat([beginning.subarray(0, keep), noise]) : noise;
      const read = readGgufHeader(bytes);
      if (!read.ok) expect(read.findings[0]?.remedy).toBeTruthy();
      else expect(() => architectureFromGguf(read.header)).not.toThrow();
    }),
    { numRuns: 500 },
  );
});

test('flipping any one byte of a header never throws', () => {
  const whole = Buffer.from(gguf({ metadata: smollm2Metadata, tensors: smollm2Tensors.slice(0, 2) }));
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const damaged = Buffer.from(whole);
      damaged[at] = damaged[at]! ^ flip;
      const read = readGgufHeader(damaged);
      if (read.ok) architectureFromGguf(read.header);
      expect(typeof read.ok).toBe('boolean');
    }
  }
});
