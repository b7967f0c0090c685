import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { aborted } from '@kaito/oci';
import { WeightsError } from '../errors.ts';

/** One member of a zip archive, by its central directory. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly crc32: number;
  /** Where its local header begins. */
  readonly headerOffset: number;
}

// Signatures and field offsets: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3.
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
const IN_ZIP64 = 0xffffffff;
const LARGEST_DIRECTORY = 64 * 1024 * 1024;

/** Reads an archive's list of members; zip64 is understood. Throws WeightsError `ArchiveDamaged`. */
export async function readZipEntries(file: string): Promise<ZipEntry[]> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const directory = await locateDirectory(handle, file, size);
    if (directory.offset + directory.bytes > size || directory.bytes > LARGEST_DIRECTORY) throw damaged(file);
    return parseDirectory(await readAt(handle, file, directory.offset, directory.bytes), file);
  } finally {
    await handle.close();
  }
}

async function locateDirectory(
  handle: FileHandle,
  file: string,
  size: number,
): Promise<{ readonly offset: number; readonly bytes: number }> {
  const tailBytes = Math.min(size, END_BYTES + LONGEST_COMMENT + ZIP64_LOCATOR_BYTES);
  const tail = await readAt(handle, file, size - tailBytes, tailBytes);
  let end = tail.length - END_BYTES;
  while (
    end >= 0 &&
    !(tail.readUInt32LE(end) === END_SIGNATURE && end + END_BYTES + tail.readUInt16LE(end + 20) === tail.length)
  ) {
    end -= 1;
  }
  if (end < 0) throw damaged(file);
  const bytes = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  const locator = end - ZIP64_LOCATOR_BYTES;
  if (locator < 0 || tail.readUInt32LE(locator) !== ZIP64_LOCATOR_SIGNATURE) return { offset, bytes };
  const zip64 = await readAt(handle, file, readUInt64(tail, locator + 8, file), ZIP64_END_BYTES);
  if (zip64.readUInt32LE(0) !== ZIP64_END_SIGNATURE) throw damaged(file);
  return { bytes: readUInt64(zip64, 40, file), offset: readUInt64(zip64, 48, file) };
}

function parseDirectory(directory: Buffer, file: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at < directory.length) {
    if (at + ENTRY_BYTES > directory.length || directory.readUInt32LE(at) !== ENTRY_SIGNATURE) throw damaged(file);
    const nameEnd = at + ENTRY_BYTES + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const end = extraEnd + directory.readUInt16LE(at + 32);
    if (end > directory.length) throw damaged(file);
    const wide = zip64Values(directory.subarray(nameEnd, extraEnd), file);
    const value = (offset: number) => {
      const narrow = directory.readUInt32LE(offset);
      return narrow === IN_ZIP64 ? (wide.shift() ?? narrow) : narrow;
    };
    // The order in which the zip64 field holds the values that did not fit: size, compressed size, offset.
    const bytes = value(at + 24);
    const compressedBytes = value(at + 20);
    const headerOffset = value(at + 42);
    entries.push({
      name: directory.toString('utf8', at + ENTRY_BYTES, nameEnd),
      method: directory.readUInt16LE(at + 10),
      encrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
      compressedBytes,
      bytes,
      crc32: directory.readUInt32LE(at + 16),
      headerOffset,
    });
    at = end;
  }
  return entries;
}

function zip64Values(extra: Buffer, file: string): number[] {
  let at = 0;
  while (at + 4 <= extra.length) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === ZIP64_EXTRA && at + 4 + length <= extra.length) {
      const values: number[] = [];
      for (let field = at + 4; field + 8 <= at + 4 + length; field += 8) values.push(readUInt64(extra, field, file));
      return values;
    }
    at += 4 + length;
  }
  return [];
}

/**
 * Streams a member's bytes to `onChunk` in order, in constant memory; its length and CRC-32 are checked at the end. Throws
 * WeightsError `ArchiveDamaged`, OciError `Aborted`, or what `onChunk` threw.
 */
export async function extractZipEntry(
  file: string,
  entry: ZipEntry,
  onChunk: (chunk: Buffer) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (entry.encrypted || (entry.method !== 0 && entry.method !== 8)) {
    throw new WeightsError('ArchiveDamaged', `${entry.name} is packed in a way that is not supported.`, {
      remedy: 'Use another source for this file.',
    });
  }
  if (entry.bytes === 0) return;
  if (entry.compressedBytes === 0) throw damaged(file);
  const start = await dataOffset(file, entry);
  const packed = createReadStream(file, {
    start,
    end: start + entry.compressedBytes - 1,
    highWaterMark: 1024 * 1024,
    ...(signal === undefined ? {} : { signal }),
  });
  const inflate = entry.method === 8 ? createInflateRaw({ chunkSize: 256 * 1024 }) : undefined;
  if (inflate !== undefined) {
    packed.on('error', (error) => inflate.destroy(error));
    packed.pipe(inflate);
  }
  let done = 0;
  let sum = 0;
  let consumerFailed = false;
  try {
    for await (const chunk of inflate ?? packed) {
      done += (chunk as Buffer).length;
      if (done > entry.bytes) break;
      sum = crc32(chunk as Buffer, sum);
      consumerFailed = true;
      await onChunk(chunk as Buffer);
      consumerFailed = false;
    }
  } catch (error) {
    if (signal?.aborted) throw aborted(error);
    throw consumerFailed ? error : damaged(file, error);
  } finally {
    packed.destroy();
    inflate?.destroy();
  }
  if (done !== entry.bytes || sum !== entry.crc32) throw damaged(file);
}

async function dataOffset(file: string, entry: ZipEntry): Promise<number> {
  const handle = await open(file, 'r');
  try {
    const header = await readAt(handle, file, entry.headerOffset, LOCAL_BYTES);
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw damaged(file);
    return entry.headerOffset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, file: string, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  if (bytesRead < length) throw damaged(file);
  return buffer;
}

function readUInt64(buffer: Buffer, offset: number, file: string): number {
  const value = buffer.readBigUInt64LE(offset);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(file);
  return Number(value);
}

function damaged(file: string, cause?: unknown): WeightsError {
  return new WeightsError('ArchiveDamaged', `${file} is not a whole zip archive.`, {
    remedy: 'Fetch it again; if it stays so, the archive is broken at its source.',
    cause,
  });
}
