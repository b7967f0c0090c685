import { type FileHandle, open } from 'node:fs/promises';
import { EngineError } from '../engine.ts';

/** Bytes per block and elements per block of each ggml type by its number (ggml.h, ggml-common.h); unknown types are not measured. */
const blocks: ReadonlyMap<number, readonly [elements: number, bytes: number]> = new Map([
  [0, [1, 4]],
  [1, [1, 2]],
  [2, [32, 18]],
  [3, [32, 20]],
  [6, [32, 22]],
  [7, [32, 24]],
  [8, [32, 34]],
  [9, [32, 36]],
  [10, [256, 84]],
  [11, [256, 110]],
  [12, [256, 144]],
  [13, [256, 176]],
  [14, [256, 210]],
  [15, [256, 292]],
  [16, [256, 66]],
  [17, [256, 74]],
  [18, [256, 98]],
  [19, [256, 50]],
  [20, [32, 18]],
  [21, [256, 110]],
  [22, [256, 82]],
  [23, [256, 136]],
  [24, [1, 1]],
  [25, [1, 2]],
  [26, [1, 4]],
  [27, [1, 8]],
  [28, [1, 8]],
  [29, [256, 56]],
  [30, [1, 2]],
  [34, [256, 54]],
  [35, [256, 66]],
  [39, [32, 17]],
  [40, [64, 36]],
  [41, [128, 18]],
  [42, [64, 18]],
]);

const scalarBytes = [1, 1, 2, 2, 4, 4, 4, 1, -1, -1, 8, 8, 8];
const stringType = 8;
const arrayType = 9;

/** Tokens as the file spells them, and the family of spellings (`gpt2`, `llama`, …). */
export interface Vocabulary {
  readonly model: string;
  readonly tokens: readonly string[];
}

/**
 * Checks that a file is a whole GGUF before llama.cpp, which may end the process over a broken one, sees it: magic, version, every count
 * and string inside the file, and room for every tensor's data. Returns how many tokens its vocabulary has.
 * Throws EngineError `ModelFileMissing` or `ModelFileInvalid`.
 */
export async function checkGgufFile(path: string): Promise<number> {
  return await withFile(path, async (reader) => {
    const { tensorCount, alignment, tokenCount } = await readMetadata(reader, path, false);
    let end = 0;
    for (let i = 0; i < tensorCount; i++) {
      const name = await reader.string();
      const dimensions = await reader.uint32();
      if (dimensions > 4) throw invalid(path, `tensor ${name} has ${dimensions} dimensions`);
      let elements = 1;
      for (let d = 0; d < dimensions; d++) elements *= await reader.uint64();
      const block = blocks.get(await reader.uint32());
      const offset = await reader.uint64();
      if (offset % alignment !== 0)
        throw invalid(path, `the data of tensor ${name} is not aligned to ${alignment} bytes`);
      end = Math.max(end, offset + (block ? Math.ceil(elements / block[0]) * block[1] : 0));
    }
    const needed = Math.ceil(reader.position / alignment) * alignment + end;
    if (needed > reader.size)
      throw invalid(path, `it is cut short: its tensors need ${needed} bytes and the file has ${reader.size}`);
    return tokenCount;
  });
}

/** Reads the vocabulary as the file spells it. Throws as `checkGgufFile`. */
export async function readVocabulary(path: string): Promise<Vocabulary> {
  return await withFile(path, async (reader) => {
    const { model, tokens } = await readMetadata(reader, path, true);
    return { model, tokens };
  });
}

interface Metadata {
  readonly tensorCount: number;
  readonly alignment: number;
  readonly tokenCount: number;
  readonly model: string;
  /** Empty unless asked for. */
  readonly tokens: readonly string[];
}

async function readMetadata(reader: GgufReader, path: string, withTokens: boolean): Promise<Metadata> {
  if ((await reader.uint32()) !== 0x46554747) throw invalid(path, 'it does not begin with the letters GGUF');
  const version = await reader.uint32();
  if (version !== 2 && version !== 3)
    throw invalid(path, `its GGUF version is ${version}; versions 2 and 3 can be read`);
  const tensorCount = await reader.uint64();
  const entries = await reader.uint64();
  let alignment = 32;
  let model = '';
  let tokenCount = 0;
  const tokens: string[] = [];
  for (let i = 0; i < entries; i++) {
    const key = await reader.string();
    const type = await reader.uint32();
    if (key === 'general.alignment' && type === 4) alignment = await reader.uint32();
    else if (key === 'tokenizer.ggml.model' && type === stringType) model = await reader.string();
    else if (key === 'tokenizer.ggml.tokens' && type === arrayType) {
      if ((await reader.uint32()) !== stringType) throw invalid(path, 'its vocabulary is not a list of texts');
      tokenCount = await reader.uint64();
      for (let token = 0; token < tokenCount; token++)
        if (withTokens) tokens.push(await reader.string());
        else reader.skip(await reader.uint64());
    } else await skipValue(reader, type, path);
  }
  if (alignment === 0) throw invalid(path, 'its alignment is 0');
  return { tensorCount, alignment, tokenCount, model, tokens };
}

async function skipValue(reader: GgufReader, type: number, path: string): Promise<void> {
  if (type === stringType) return await reader.skip(await reader.uint64());
  if (type !== arrayType) return await reader.skip(bytesOf(type, path));
  const itemType = await reader.uint32();
  const count = await reader.uint64();
  if (itemType === stringType || itemType === arrayType)
    for (let i = 0; i < count; i++) await skipValue(reader, itemType, path);
  else await reader.skip(count * bytesOf(itemType, path));
}

function bytesOf(type: number, path: string): number {
  const bytes = scalarBytes[type];
  if (bytes === undefined || bytes < 0) throw invalid(path, `its metadata holds the unknown type ${type}`);
  return bytes;
}

function invalid(path: string, why: string): EngineError {
  return new EngineError('ModelFileInvalid', `${path} is not a usable GGUF model: ${why}.`, {
    remedy: 'Fetch the file again and compare its digest with the published one.',
  });
}

async function withFile<T>(path: string, read: (reader: GgufReader) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    throw new EngineError('ModelFileMissing', `The model file ${path} cannot be opened: ${(error as Error).message}`, {
      remedy: 'Check the path and its permissions.',
      cause: error,
    });
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new EngineError('ModelFileMissing', `${path} is not a file.`);
    return await read(new GgufReader(file, stat.size, path));
  } finally {
    await file.close();
  }
}

const window = 1 << 20;

/** Reads little-endian values one after another, refusing to go past the end of the file. */
class GgufReader {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #path: string;
  #buffer = Buffer.alloc(0);
  #bufferStart = 0;
  position = 0;

  constructor(file: FileHandle, size: number, path: string) {
    this.#file = file;
    this.size = size;
    this.#path = path;
  }

  async uint32(): Promise<number> {
    return (await this.#take(4)).readUInt32LE();
  }

  async uint64(): Promise<number> {
    const value = Number((await this.#take(8)).readBigUInt64LE());
    if (!Number.isSafeInteger(value)) throw invalid(this.#path, 'it holds an impossible count');
    return value;
  }

  async string(): Promise<string> {
    return (await this.#take(await this.uint64())).toString('utf8');
  }

  skip(bytes: number): void {
    this.#check(bytes);
    this.position += bytes;
  }

  #check(bytes: number): void {
    if (this.position + bytes > this.size) throw invalid(this.#path, `it ends at byte ${this.size}, within its header`);
  }

  async #take(bytes: number): Promise<Buffer> {
    this.#check(bytes);
    const from = this.position - this.#bufferStart;
    if (from < 0 || from + bytes > this.#buffer.length) {
      this.#buffer = Buffer.alloc(Math.min(Math.max(window, bytes), this.size - this.position));
      const { bytesRead } = await this.#file.read(this.#buffer, 0, this.#buffer.length, this.position);
      if (bytesRead < bytes) throw invalid(this.#path, 'it changed while it was read');
      this.#bufferStart = this.position;
    }
    const start = this.position - this.#bufferStart;
    this.position += bytes;
    return this.#buffer.subarray(start, start + bytes);
  }
}
