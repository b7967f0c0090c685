import type { DataType } from '../model.ts';

/**
 * Bits per element. Plain types by definition. Block types from llama.cpp's block layouts (ggml-common.h): `q4_0` is 18 bytes for 32
 * elements. The `_s`, `_m` and `_l` mixtures from the table for Llama-3.1-8B in llama.cpp's tools/quantize/README.md: an average over
 * the tensors of a model of that size. On models under a billion parameters, whose embedding table weighs more and is kept at higher
 * precision, files are up to 60 % larger.
 */
const bitsByType: Readonly<Record<string, number>> = {
  float32: 32,
  f32: 32,
  float16: 16,
  f16: 16,
  bfloat16: 16,
  bf16: 16,
  fp8: 8,
  int8: 8,
  q8_0: 8.5,
  q6_k: 6.5633,
  q5_k_m: 5.7036,
  q5_k_s: 5.5704,
  q5_1: 6,
  q5_0: 5.5,
  q4_k_m: 4.8944,
  q4_k_s: 4.6672,
  q4_1: 5,
  q4_0: 4.5,
  iq4_nl: 4.6818,
  iq4_xs: 4.4597,
  q3_k_l: 4.2979,
  q3_k_s: 3.6429,
  q2_k: 3.1593,
};

/** Bits per element of a data type, whatever its case; undefined for a type that the table lacks. */
export function bitsPerElement(type: DataType): number | undefined {
  const name = type.toLowerCase();
  return Object.hasOwn(bitsByType, name) ? bitsByType[name] : undefined;
}

/** The known data types, widest first. */
export function knownDataTypes(): string[] {
  return Object.keys(bitsByType).toSorted((a, b) => bitsByType[b]! - bitsByType[a]!);
}

/** Bytes of so many elements, rounded up. A type that `bitsPerElement` does not know counts as 32 bits, so that it is never underestimated. */
export function bytesOf(elements: number, type: DataType): number {
  return Math.ceil((elements * (bitsPerElement(type) ?? 32)) / 8);
}
