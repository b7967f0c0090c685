import type { ModelArchitecture } from '../model.ts';
import { MiB } from './units.ts';

export interface OverheadOptions {
  /** `transformers`: the model images' server (accelerate, one process per GPU). `llama.cpp`: the project's own server. */
  readonly runtime: 'transformers' | 'llama.cpp';
  /** Where the model runs: what is counted is that device's memory (a GPU's, or the machine's RAM). */
  readonly device: 'gpu' | 'cpu';
  /** Tokens that one sequence may hold. */
  readonly contextTokens: number;
  /** Sequences held at the same time; default 1. */
  readonly sequences?: number;
  /** llama.cpp's micro-batch, tokens; default 512, llama.cpp's own. */
  readonly batchTokens?: number;
  /** Flash attention: no matrix of attention scores is kept; default false, the larger. */
  readonly flashAttention?: boolean;
}

/**
 * The CUDA context with PyTorch's kernels: about 400 MB with lazy module loading, PyTorch's default since 1.13
 * (pytorch/pytorch issue 109888; PR 86509 measured 287 MB, and 667 MB without). llama.cpp brings fewer kernels; it counts the same.
 */
const gpuContextBytes = 400 * MiB;

/** Resident memory of the Node server with the engine loaded and no model: measured 109 MiB with Node 24 and node-llama-cpp 3.22.1. */
const serverProcessBytes = 112 * MiB;

/** RAM of llama.cpp's tokenizer per vocabulary entry: measured 69 MiB for 49,152 entries with node-llama-cpp 3.22.1. */
const tokenizerBytesPerEntry = 1536;

/** What llama.cpp's buffers exceed the formula by at most: alignment and small inputs; 5.6 % in ten measured configurations. */
const computeBufferMargin = 1.06;

/**
 * llama.cpp's compute buffer: the larger of the output stage (logits and hidden states of a micro-batch, float32) and one layer's
 * attention (scores of every head against the context, mask, four hidden states, float32). Gives 164.0 and 2144.0 MiB for a Mistral 7B at
 * 2,048 and 32,768 tokens, as llama.cpp printed them (fedora-copr/logdetective PR 106), and bounds what node-llama-cpp 3.22.1 printed for
 * SmolLM2-135M at 512 to 8,192 tokens, with and without flash attention.
 */
function computeBufferBytes(architecture: ModelArchitecture, options: OverheadOptions): number {
  const { hiddenSize, vocabularySize, attentionHeads } = architecture;
  const { contextTokens, batchTokens = 512, flashAttention = false } = options;
  const output = vocabularySize + hiddenSize;
  const scores = flashAttention ? 0 : contextTokens * attentionHeads;
  const attention = scores + contextTokens + 4 * hiddenSize;
  return Math.ceil(4 * batchTokens * Math.max(output, attention) * computeBufferMargin);
}

/**
 * Peak activations of transformers for a prompt that fills the context, at 2-byte weights: hidden states (the norm's float32 copy
 * included) beside the largest of the logits of every prompt position (2 bytes, then a float32 copy: `lm_head(…).float()`, as the model
 * classes did before 4.45), the feed-forward's three intermediates, and query, repeated key and value, and output of one layer's
 * scaled-dot-product attention, which keeps no score matrix.
 */
function activationBytes(architecture: ModelArchitecture, tokens: number): number {
  const { hiddenSize, vocabularySize, attentionHeads, headDimension, feedForwardSize = 4 * hiddenSize } = architecture;
  const hidden = hiddenSize * (2 * 2 + 4);
  const logits = vocabularySize * (2 + 4);
  const feedForward = feedForwardSize * 3 * 2;
  const attention = attentionHeads * headDimension * 4 * 2;
  return tokens * (hidden + Math.max(logits, feedForward, attention));
}

/**
 * Bytes that a runtime takes on the device beside weights and KV cache, for one process. It grows with the context, never shrinks, and
 * is not a share of the weights: KAITO's flat 2.3 GiB (plus 5 % of the weights) was measured for vLLM with its CUDA graphs.
 */
export function overheadBytes(architecture: ModelArchitecture, options: OverheadOptions): number {
  const { runtime, device, contextTokens, sequences = 1 } = options;
  if (runtime === 'transformers') {
    const context = device === 'gpu' ? gpuContextBytes : 0;
    return context + activationBytes(architecture, contextTokens * sequences);
  }
  const logitsOfSequences = 4 * sequences * architecture.vocabularySize;
  const fixed =
    device === 'gpu' ? gpuContextBytes : serverProcessBytes + tokenizerBytesPerEntry * architecture.vocabularySize;
  return fixed + logitsOfSequences + computeBufferBytes(architecture, options);
}

/**
 * The longest context, tokens, for which `fits` holds, at most `limit`; 0 where not even one token fits. `fits` must not turn true again
 * once it is false, which holds for every account made of `kvCacheBytes` and `overheadBytes`.
 */
export function longestContext(limit: number, fits: (contextTokens: number) => boolean): number {
  if (fits(limit)) return limit;
  let low = 0;
  let high = limit;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
