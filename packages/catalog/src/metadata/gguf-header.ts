import type { Finding } from '@kaito/api';
import { ByteReader, EndOfBytes } from './byte-reader.ts';
import { ggmlTypes } from './ggml-types.ts';

/** A metadata value. An array of more than 1,024 elements, or of strings, is kept as its length alone (a vocabulary has 100,000 entries). */
export type GgufValue = string | number | boolean | bigint | readonly number[] | { readonly arrayLength: number };

export interface GgufTensor {
  readonly name: string;
  /** Elements per dimension, the contiguous one first. */
  readonly dimensions: readonly number[];
  /** ggml's name of the element type in lower case, e.g. `q4_1`; `type-99` for one that this table lacks. */
  readonly type: string;
}

export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  /** Bytes of the header; tensor data begins at the next multiple of `general.alignment` (32 unless it says otherwise). */
  readonly bytes: number;
}

export type GgufRead =
  | { readonly ok: true; readonly header: GgufHeader }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Far above any real file (a 405B model has 1,138 tensors and some 40 keys), far below what would exhaust memory. */
const maxCount = 1_000_000;
const maxDimensions = 8;
const maxKeptArray = 1024;
const maxArrayDepth = 4;

class Malformed extends Error {}

/** ggml's metadata value types, by number: bytes of the fixed ones (GGUF specification, ggml/docs/gguf.md). */
const stringType = 8;
const arrayType = 9;
const fixedBytes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

function readFixed(reader: ByteReader, type: number): number | boolean | bigint {
  switch (type) {
    case 0:
      return reader.u8();
    case 1:
      return reader.i8();
    case 2:
      return reader.u16();
    case 3:
      return reader.i16();
    case 4:
      return reader.u32();
    case 5:
      return reader.i32();
    case 6:
      return reader.f32();
    case 7:
      return reader.u8() !== 0;
    case 10:
      return narrowed(reader.u64());
    case 11:
      return narrowed(reader.i64());
    case 12:
      return reader.f64();
    default:
      throw new Malformed(`metadata value of unknown type ${type}`);
  }
}

function narrowed(value: bigint): number | bigint {
  return value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? Number(value) : value;
}

function readCount(reader: ByteReader, what: string, most: number): number {
  const count = reader.u64();
  if (count > BigInt(most)) throw new Malformed(`${count} ${what}, which no real file has`);
  return Number(count);
}

function readString(reader: ByteReader): string {
  return reader.text(readCount(reader, 'bytes in one string', 2 ** 31));
}

function readArray(reader: ByteReader, depth: number): GgufValue {
  if (depth > maxArrayDepth) throw new Malformed('arrays nested deeper than four');
  const type = reader.u32();
  const length = readCount(reader, 'elements in one array', 2 ** 31);
  const size = fixedBytes[type];
  if (size === undefined && type !== stringType && type !== arrayType)
    throw new Malformed(`array of unknown type ${type}`);
  if (size !== undefined && length > maxKeptArray) {
    reader.skip(length * size);
    return { arrayLength: length };
  }
  const numbers: number[] = [];
  for (let index = 0; index < length; index++) {
    if (type === stringType) reader.skip(readCount(reader, 'bytes in one string', 2 ** 31));
    else if (type === arrayType) readArray(reader, depth + 1);
    else numbers.push(Number(readFixed(reader, type)));
  }
  return size === undefined ? { arrayLength: length } : numbers;
}

function readMetadata(reader: ByteReader, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < count; index++) {
    const key = readString(reader);
    const type = reader.u32();
    metadata.set(
      key,
      type === stringType ? readString(reader) : type === arrayType ? readArray(reader, 0) : readFixed(reader, type),
    );
  }
  return metadata;
}

function readTensor(reader: ByteReader): GgufTensor {
  const name = readString(reader);
  const rank = reader.u32();
  if (rank > maxDimensions) throw new Malformed(`a tensor of ${rank} dimensions`);
  const dimensions: number[] = [];
  for (let index = 0; index < rank; index++)
    dimensions.push(readCount(reader, 'elements in one dimension', Number.MAX_SAFE_INTEGER));
  const type = reader.u32();
  reader.skip(8); // offset of the data
  return { name, dimensions, type: ggmlTypes[type]?.name ?? `type-${type}` };
}

function refusal(code: string, message: string, remedy: string): GgufRead {
  return { ok: false, findings: [{ code, severity: 'error', message, remedy }] };
}

/**
 * Reads a GGUF header (versions 2 and 3, little-endian) from the beginning of a file; the tensors' data need not be there. Never throws;
 * allocates no more than a small multiple of `bytes`. Findings: `NotGguf`, `GgufVersion`, `GgufTruncated` (read more of the file and try
 * again), `GgufMalformed`.
 */
export function readGgufHeader(bytes: Uint8Array): GgufRead {
  const reader = new ByteReader(bytes);
  try {
    const magic = reader.u32();
    if (magic !== 0x46554747)
      return refusal('NotGguf', 'The file does not begin with "GGUF": it is not a GGUF model.', 'Give a .gguf file.');
    const version = reader.u32();
    if (version !== 2 && version !== 3) {
      return refusal(
        'GgufVersion',
        `The file is GGUF version ${version}; versions 2 and 3 (little-endian) can be read.`,
        "Convert it with llama.cpp's gguf-new-metadata.py.",
      );
    }
    const tensorCount = readCount(reader, 'tensors', maxCount);
    const metadata = readMetadata(reader, readCount(reader, 'metadata keys', maxCount));
    const tensors: GgufTensor[] = [];
    for (let index = 0; index < tensorCount; index++) tensors.push(readTensor(reader));
    return { ok: true, header: { version, metadata, tensors, bytes: reader.position } };
  } catch (error) {
    if (error instanceof EndOfBytes) {
      return refusal(
        'GgufTruncated',
        `The GGUF header goes on beyond the ${bytes.byteLength} bytes at hand.`,
        'Download the file again, or read more of its beginning.',
      );
    }
    if (error instanceof Malformed) {
      return refusal(
        'GgufMalformed',
        `The GGUF header is damaged: ${error.message}.`,
        'Download the file again and compare its sha256.',
      );
    }
    throw error;
  }
}
