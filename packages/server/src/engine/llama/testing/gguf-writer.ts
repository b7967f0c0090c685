import { writeFile } from 'node:fs/promises';

/** A metadata value by its GGUF type. */
export type MetadataValue =
  | { readonly uint32: number }
  | { readonly float32: number }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly int32s: readonly number[] };

/** A tensor of 32-bit floats; the first dimension is the one whose elements lie side by side. */
export interface Tensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly data: Float32Array;
}

const alignment = 32;

/** Writes a GGUF file, version 3 (ggml's docs/gguf.md). */
export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, MetadataValue>>,
  tensors: readonly Tensor[],
): Promise<void> {
  const parts: Buffer[] = [
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(Object.keys(metadata).length),
  ];
  for (const [key, value] of Object.entries(metadata)) parts.push(text(key), ...typed(value));
  let offset = 0;
  for (const { name, dimensions, data } of tensors) {
    parts.push(text(name), uint32(dimensions.length), ...dimensions.map(uint64), uint32(0), uint64(offset));
    offset += padded(data.byteLength);
  }
  const header = Buffer.concat(parts);
  const body = tensors.flatMap(({ data }) => [
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    Buffer.alloc(padded(data.byteLength) - data.byteLength),
  ]);
  await writeFile(path, Buffer.concat([header, Buffer.alloc(padded(header.length) - header.length), ...body]));
}

function typed(value: MetadataValue): Buffer[] {
  if ('uint32' in value) return [uint32(4), uint32(value.uint32)];
  if ('float32' in value) return [uint32(6), float32(value.float32)];
  if ('string' in value) return [uint32(8), text(value.string)];
  if ('strings' in value) return [uint32(9), uint32(8), uint64(value.strings.length), ...value.strings.map(text)];
  return [uint32(9), uint32(5), uint64(value.int32s.length), Buffer.from(Int32Array.from(value.int32s).buffer)];
}

const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}
