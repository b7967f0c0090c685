import type { DataType, ModelArchitecture } from '../model.ts';
import { bytesOf } from './data-type.ts';
import { layersOfFullestStage, type Parallelism } from './weights.ts';

export interface KvCacheOptions extends Parallelism {
  /** Tokens that one sequence may hold. */
  readonly contextTokens: number;
  /** Sequences held at the same time; default 1. */
  readonly sequences?: number;
  /** Element type of the cache; default float16. */
  readonly cacheType?: DataType;
  /**
   * False for a runtime that keeps the whole context even of layers that attend through a window (transformers' default cache before
   * 4.42); default true.
   */
  readonly windowed?: boolean;
}

/**
 * Elements that one token takes in one layer on one GPU.
 * MHA, GQA, MQA: a key and a value per key/value head (Vaswani et al. 2017; Ainslie et al. 2023). Tensor parallelism shares the heads;
 * beyond one head per GPU they are replicated, not split.
 * MLA: the compressed latent and the rotary key, shared by all heads (DeepSeek-V2, arXiv 2405.04434, §2.1), so every GPU of a tensor
 * parallel group holds them whole.
 */
function elementsPerTokenAndLayer(architecture: ModelArchitecture, tensorParallel: number): number {
  const { mla, kvHeads, headDimension } = architecture;
  if (mla) return mla.kvLoraRank + mla.ropeHeadDimension;
  return 2 * Math.ceil(kvHeads / tensorParallel) * headDimension;
}

/**
 * Bytes that one more token of one sequence takes on the fullest GPU, while no window is full.
 * Without parallelism this is the whole model's figure: 131,072 for a Mistral 7B at float16.
 */
export function kvCacheBytesPerToken(
  architecture: ModelArchitecture,
  cacheType: DataType = 'float16',
  { tensorParallel = 1, pipelineParallel = 1 }: Parallelism = {},
): number {
  const layers = layersOfFullestStage(architecture.layers, pipelineParallel);
  return bytesOf(layers * elementsPerTokenAndLayer(architecture, tensorParallel), cacheType);
}

/**
 * Bytes of the key/value cache on the fullest GPU. Layers that attend through a sliding window never hold more than the window; the
 * fullest pipeline stage is taken to hold as many of the other layers as it can.
 */
export function kvCacheBytes(architecture: ModelArchitecture, options: KvCacheOptions): number {
  const {
    contextTokens,
    sequences = 1,
    cacheType = 'float16',
    tensorParallel = 1,
    pipelineParallel = 1,
    windowed = true,
  } = options;
  const { layers, slidingWindow, slidingWindowLayers = layers } = architecture;
  const stage = layersOfFullestStage(layers, pipelineParallel);
  const windowLayers = slidingWindow === undefined || !windowed ? 0 : Math.min(slidingWindowLayers, layers);
  const fullLayers = Math.min(stage, layers - windowLayers);
  const tokensOverLayers =
    fullLayers * contextTokens + (stage - fullLayers) * Math.min(contextTokens, slidingWindow ?? contextTokens);
  return sequences * bytesOf(tokensOverLayers * elementsPerTokenAndLayer(architecture, tensorParallel), cacheType);
}
