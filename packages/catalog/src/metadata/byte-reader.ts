const utf8 = new TextDecoder();

/** Thrown by `ByteReader` when the bytes end before the value does. */
export class EndOfBytes extends Error {}

/** Reads little-endian values in order from bytes; every read that goes beyond the end throws `EndOfBytes`. */
export class ByteReader {
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  u8 = (): number => this.#view.getUint8(this.#take(1));
  i8 = (): number => this.#view.getInt8(this.#take(1));
  u16 = (): number => this.#view.getUint16(this.#take(2), true);
  i16 = (): number => this.#view.getInt16(this.#take(2), true);
  u32 = (): number => this.#view.getUint32(this.#take(4), true);
  i32 = (): number => this.#view.getInt32(this.#take(4), true);
  f32 = (): number => this.#view.getFloat32(this.#take(4), true);
  u64 = (): bigint => this.#view.getBigUint64(this.#take(8), true);
  i64 = (): bigint => this.#view.getBigInt64(this.#take(8), true);
  f64 = (): number => this.#view.getFloat64(this.#take(8), true);

  /** UTF-8 text of so many bytes; invalid sequences become U+FFFD. */
  text(bytes: number): string {
    const start = this.#take(bytes);
    return utf8.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, bytes));
  }

  #take(bytes: number): number {
    const start = this.#position;
    if (bytes > this.#view.byteLength - start) throw new EndOfBytes();
    this.#position = start + bytes;
    return start;
  }
}
