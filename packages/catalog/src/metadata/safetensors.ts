import type { Finding } from '@kaito/api';
import { isObject, parseJsonObject } from './json-document.ts';

/** What safetensors metadata says of a model's weights. */
export interface SafetensorsSummary {
  /** Bytes of all tensors' data. */
  readonly bytes: number;
  /** Elements of all tensors; an index states bytes alone, so there it is absent. */
  readonly parameters?: number;
  /** Element type that takes most bytes, in safetensors' spelling, e.g. `BF16`. */
  readonly dataType?: string;
  /** The weight files that an index names, sorted: no other file of the repository belongs to the model. */
  readonly files?: readonly string[];
}

export type SafetensorsRead =
  | { readonly ok: true; readonly summary: SafetensorsSummary }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** The format caps headers at 100 MB (safetensors, `MAX_HEADER_SIZE`). */
const maxHeaderBytes = 100_000_000;

/** Bits of safetensors' element types (safetensors, `Dtype`). */
const bits: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E4M3: 8,
  F8_E5M2: 8,
  U16: 16,
  I16: 16,
  F16: 16,
  BF16: 16,
  U32: 32,
  I32: 32,
  F32: 32,
  U64: 64,
  I64: 64,
  F64: 64,
};

function refusal(code: string, message: string, remedy: string): SafetensorsRead {
  return { ok: false, findings: [{ code, severity: 'error', message, remedy }] };
}

const malformed = (what: string) =>
  refusal('SafetensorsMalformed', `The safetensors metadata is damaged: ${what}.`, 'Download the file again.');

/**
 * Reads `model.safetensors.index.json`: the size is the one it states, so that a repository's other weight files (original formats,
 * other precisions) are not counted too. Never throws.
 */
export function readSafetensorsIndex(text: string): SafetensorsRead {
  const index = parseJsonObject(text);
  const metadata = index?.['metadata'];
  const map = index?.['weight_map'];
  const bytes = isObject(metadata) ? metadata['total_size'] : undefined;
  if (typeof bytes !== 'number' || !(bytes > 0) || !Number.isSafeInteger(Math.round(bytes)))
    return malformed('the index has no metadata.total_size');
  const parameters = isObject(metadata) ? metadata['total_parameters'] : undefined;
  const files = isObject(map)
    ? [...new Set(Object.values(map).filter((file) => typeof file === 'string'))].toSorted()
    : undefined;
  return {
    ok: true,
    summary: {
      bytes: Math.round(bytes),
      ...(typeof parameters === 'number' && Number.isSafeInteger(parameters) && parameters > 0 ? { parameters } : {}),
      ...(files ? { files } : {}),
    },
  };
}

/** Reads the header at the beginning of a `.safetensors` file (8 bytes of length, then JSON). The data need not be there. Never throws. */
export function readSafetensorsHeader(bytes: Uint8Array): SafetensorsRead {
  const truncated = () =>
    refusal(
      'SafetensorsTruncated',
      `The safetensors header goes on beyond the ${bytes.byteLength} bytes at hand.`,
      'Read more of the file.',
    );
  if (bytes.byteLength < 8) return truncated();
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) return malformed(`a header of ${length} bytes`);
  if (bytes.byteLength < 8 + Number(length)) return truncated();
  const header = parseJsonObject(new TextDecoder().decode(bytes.subarray(8, 8 + Number(length))));
  if (!header) return malformed('the header is not a JSON object');
  const bytesByType = new Map<string, number>();
  let parameters = 0;
  for (const [name, tensor] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const shape = isObject(tensor) ? tensor['shape'] : undefined;
    const dataType = isObject(tensor) ? tensor['dtype'] : undefined;
    if (
      !Array.isArray(shape) ||
      typeof dataType !== 'string' ||
      !shape.every((size) => Number.isSafeInteger(size) && size >= 0)
    )
      return malformed(`tensor "${name}" has no shape or type`);
    const elements = (shape as number[]).reduce((product, size) => product * size, 1);
    parameters += elements;
    bytesByType.set(dataType, (bytesByType.get(dataType) ?? 0) + Math.ceil((elements * (bits[dataType] ?? 32)) / 8));
  }
  const total = [...bytesByType.values()].reduce((sum, size) => sum + size, 0);
  if (!Number.isSafeInteger(parameters) || !Number.isSafeInteger(total))
    return malformed('its tensors are larger than any file');
  const widest = [...bytesByType].toSorted((a, b) => b[1] - a[1])[0];
  return { ok: true, summary: { bytes: total, parameters, ...(widest ? { dataType: widest[0] } : {}) } };
}
