import type { Finding } from '@kaito/api';
import type { ModelArchitecture } from '../model.ts';
import { ggmlTypes } from './ggml-types.ts';
import type { GgufHeader, GgufTensor, GgufValue } from './gguf-header.ts';
import { type ArchitectureRead, missing } from './architecture-read.ts';

function elements(tensor: GgufTensor): number {
  return tensor.dimensions.reduce((product, dimension) => product * dimension, 1);
}

/** Bytes of the tensors' data, without padding between them; tensors of a type that is not known count as float32. */
export function ggufTensorBytes(header: GgufHeader): number {
  const types = new Map(Object.values(ggmlTypes).map((type) => [type.name, type]));
  return header.tensors.reduce((sum, tensor) => {
    const { blockElements, blockBytes } = types.get(tensor.type) ?? { blockElements: 1, blockBytes: 4 };
    return sum + Math.ceil(elements(tensor) / blockElements) * blockBytes;
  }, 0);
}

/** A count: the number itself, or the largest of a per-layer array. */
function count(value: GgufValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (Array.isArray(value) && value.length > 0) return Math.max(...(value as number[]));
  return undefined;
}

/** Of every so many layers one has no window: from llama.cpp's model loaders, for files that do not state it. */
const windowPeriods: Readonly<Record<string, number>> = { gemma2: 2, gemma3: 6, cohere2: 4, 'gpt-oss': 2 };

function windowOf(family: string, header: GgufHeader, layers: number): Partial<ModelArchitecture> {
  const slidingWindow = count(header.metadata.get(`${family}.attention.sliding_window`));
  if (!slidingWindow) return {};
  const period = count(header.metadata.get(`${family}.attention.sliding_window_pattern`)) ?? windowPeriods[family];
  return {
    slidingWindow,
    ...(period && period > 1 ? { slidingWindowLayers: layers - Math.floor(layers / period) } : {}),
  };
}

/**
 * The architecture that a GGUF header states (keys as in ggml/docs/gguf.md); parameters are counted from the tensors. Finding
 * `ArchitectureIncomplete` names the keys that a language model must have and this file lacks.
 */
export function architectureFromGguf(header: GgufHeader): ArchitectureRead {
  const { metadata, tensors } = header;
  const family = metadata.get('general.architecture');
  if (typeof family !== 'string') return missing('GGUF header', ['general.architecture']);
  const read = (key: string) => count(metadata.get(`${family}.${key}`));
  const layers = read('block_count');
  const hiddenSize = read('embedding_length');
  const attentionHeads = read('attention.head_count');
  const contextLength = read('context_length');
  if (!layers || !hiddenSize || !attentionHeads || !contextLength) {
    const required = {
      block_count: layers,
      embedding_length: hiddenSize,
      'attention.head_count': attentionHeads,
      context_length: contextLength,
    };
    return missing(
      'GGUF header',
      Object.entries(required).flatMap(([key, value]) => (value ? [] : [`${family}.${key}`])),
    );
  }
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const listed = typeof tokens === 'object' && 'arrayLength' in tokens ? tokens.arrayLength : undefined;
  const embedding = tensors.find((tensor) => tensor.name === 'token_embd.weight')?.dimensions[1];
  const kvLoraRank = read('attention.kv_lora_rank');
  const feedForwardSize = read('feed_forward_length');
  const findings: Finding[] = [];
  if (tensors.length === 0) {
    findings.push({
      code: 'NoTensors',
      severity: 'warning',
      message: 'The GGUF file holds no tensors: its parameters are counted as 0.',
    });
  }
  const architecture: ModelArchitecture = {
    family,
    parameters: tensors.reduce((sum, tensor) => sum + elements(tensor), 0),
    layers,
    hiddenSize,
    attentionHeads,
    kvHeads: read('attention.head_count_kv') ?? attentionHeads,
    headDimension: read('attention.key_length') ?? Math.floor(hiddenSize / attentionHeads),
    vocabularySize: read('vocab_size') ?? embedding ?? listed ?? 0,
    contextLength,
    ...(feedForwardSize ? { feedForwardSize } : {}),
    ...windowOf(family, header, layers),
    ...(kvLoraRank ? { mla: { kvLoraRank, ropeHeadDimension: read('rope.dimension_count') ?? 0 } } : {}),
  };
  return { ok: true, architecture, findings };
}
