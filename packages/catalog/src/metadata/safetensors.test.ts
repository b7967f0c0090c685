import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSafetensorsHeader, readSafetensorsIndex } from './safetensors.ts';

function file(header: unknown): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}

function code(bytes: Uint8Array): string | undefined {
  const read = readSafetensorsHeader(bytes);
  return read.ok ? undefined : read.findings[0]?.code;
}

test('an index states the bytes, and which files hold them', () => {
  const index = {
    metadata: { total_size: 14_483_464_192 },
    weight_map: {
      a: 'model-00002-of-2.safetensors',
      b: 'model-00001-of-2.safetensors',
      c: 'model-00002-of-2.safetensors',
    },
  };
  expect(readSafetensorsIndex(JSON.stringify(index))).toEqual({
    ok: true,
    summary: { bytes: 14_483_464_192, files: ['model-00001-of-2.safetensors', 'model-00002-of-2.safetensors'] },
  });
  expect(readSafetensorsIndex('{"metadata": {}}')).toMatchObject({
    ok: false,
    findings: [{ code: 'SafetensorsMalformed' }],
  });
});

test('a header states elements, bytes and the prevailing type', () => {
  const header = {
    __metadata__: { format: 'pt' },
    w: { dtype: 'BF16', shape: [4, 8], data_offsets: [0, 64] },
    n: { dtype: 'F32', shape: [8], data_offsets: [64, 96] },
    s: { dtype: 'F32', shape: [], data_offsets: [96, 100] },
  };
  expect(readSafetensorsHeader(file(header))).toEqual({
    ok: true,
    summary: { parameters: 41, bytes: 100, dataType: 'BF16' },
  });
});

test('truncated, damaged and absurd headers are findings', () => {
  const good = file({ w: { dtype: 'BF16', shape: [4] } });
  for (let length = 0; length < good.length; length++)
    expect(code(good.subarray(0, length))).toBe('SafetensorsTruncated');
  expect(code(Buffer.alloc(16, 0xff))).toBe('SafetensorsMalformed');
  expect(code(file('{"w"'))).toBe('SafetensorsMalformed');
  expect(code(file({ w: { dtype: 'BF16', shape: [-4] } }))).toBe('SafetensorsMalformed');
  expect(code(file({ w: { dtype: 'BF16', shape: [2 ** 52, 2 ** 52] } }))).toBe('SafetensorsMalformed');
});

test('random bytes and texts never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), fc.json(), (noise, json) => {
      readSafetensorsHeader(noise);
      readSafetensorsHeader(file(json));
      expect(readSafetensorsIndex(json).ok).toBe(false);
    }),
  );
});
