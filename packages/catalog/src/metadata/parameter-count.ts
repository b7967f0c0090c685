import type { ModelArchitecture } from '../model.ts';
import { type JsonObject, positiveInteger } from './json-document.ts';

type Shape = Omit<ModelArchitecture, 'parameters'>;

/** How a family's layers are built, as transformers' model classes build them. */
interface Layout {
  /** Matrices of a feed-forward: 3 with a gate (SwiGLU), else 2. */
  readonly feedForwardMatrices: 2 | 3;
  /** Vectors of the hidden size per layer for normalisation (weights, and biases where the norm has them). */
  readonly normVectors: number;
  readonly attentionBias?: 'qkv' | 'all';
  readonly feedForwardBias?: true;
  /** Queries and keys are normalised per head. */
  readonly headNorms?: true;
  /** Final norm and output with a bias. */
  readonly outputBias?: true;
  readonly finalNormBias?: true;
  /** Whether the output shares the embedding when config.json does not say. */
  readonly tied: boolean;
}

const swiglu: Layout = { feedForwardMatrices: 3, normVectors: 2, tied: false };

const layouts: Readonly<Record<string, Layout>> = {
  llama: swiglu,
  mistral: swiglu,
  mixtral: swiglu,
  phi3: swiglu,
  qwen2: { ...swiglu, attentionBias: 'qkv' },
  qwen3: { ...swiglu, headNorms: true },
  gemma: { ...swiglu, tied: true },
  gemma2: { ...swiglu, normVectors: 4, tied: true },
  deepseek_v2: swiglu,
  deepseek_v3: swiglu,
  falcon: { feedForwardMatrices: 2, normVectors: 2, finalNormBias: true, tied: true },
  phi: {
    feedForwardMatrices: 2,
    normVectors: 2,
    attentionBias: 'all',
    feedForwardBias: true,
    outputBias: true,
    finalNormBias: true,
    tied: false,
  },
};

function attention(shape: Shape, config: JsonObject, layout: Layout): number {
  const { hiddenSize, attentionHeads, kvHeads, headDimension, mla } = shape;
  if (mla) {
    const plain = positiveInteger(config, 'qk_nope_head_dim') ?? headDimension;
    const value = positiveInteger(config, 'v_head_dim') ?? headDimension;
    const queryHead = plain + mla.ropeHeadDimension;
    const queryRank = positiveInteger(config, 'q_lora_rank');
    const query = queryRank
      ? hiddenSize * queryRank + queryRank + queryRank * attentionHeads * queryHead
      : hiddenSize * attentionHeads * queryHead;
    const latent = hiddenSize * (mla.kvLoraRank + mla.ropeHeadDimension) + mla.kvLoraRank;
    return query + latent + mla.kvLoraRank * attentionHeads * (plain + value) + attentionHeads * value * hiddenSize;
  }
  const queries = attentionHeads * headDimension;
  const keysAndValues = 2 * kvHeads * headDimension;
  const biases = layout.attentionBias ? queries + keysAndValues + (layout.attentionBias === 'all' ? hiddenSize : 0) : 0;
  const norms = layout.headNorms ? 2 * headDimension : 0;
  return hiddenSize * (2 * queries + keysAndValues) + biases + norms;
}

/** Feed-forward parameters of all layers. Mixtures of experts: every expert counts, and the router's matrix. */
function feedForwards(shape: Shape, config: JsonObject, layout: Layout): number {
  const { hiddenSize, layers, feedForwardSize = 4 * hiddenSize } = shape;
  const dense =
    layout.feedForwardMatrices * hiddenSize * feedForwardSize +
    (layout.feedForwardBias ? feedForwardSize + hiddenSize : 0);
  const experts = positiveInteger(config, 'n_routed_experts', 'num_local_experts', 'num_experts');
  if (!experts) return layers * dense;
  const denseLayers = Math.min(layers, positiveInteger(config, 'first_k_dense_replace') ?? 0);
  const expert =
    layout.feedForwardMatrices * hiddenSize * (positiveInteger(config, 'moe_intermediate_size') ?? feedForwardSize);
  const shared = positiveInteger(config, 'n_shared_experts') ?? 0;
  const router = experts * hiddenSize + (config['topk_method'] === 'noaux_tc' ? experts : 0);
  return denseLayers * dense + (layers - denseLayers) * ((experts + shared) * expert + router);
}

/** Norm vectors per layer; Falcon's and Phi's differ by generation: parallel attention shares one norm, the new decoder has two. */
function normVectors(shape: Shape, config: JsonObject, layout: Layout): number {
  return shape.family === 'falcon' && config['new_decoder_architecture'] === true ? 4 : layout.normVectors;
}

/**
 * Parameters of a model from its config.json, matrix by matrix. `exact` where the family's layout is known: then it equals the published
 * figure (7,241,732,096 for Mistral 7B). Otherwise a gated feed-forward and two norms are assumed.
 */
export function countParameters(
  shape: Shape,
  config: JsonObject,
): { readonly parameters: number; readonly exact: boolean } {
  const layout = Object.hasOwn(layouts, shape.family) ? layouts[shape.family] : undefined;
  const used = layout ?? swiglu;
  const { hiddenSize, layers, vocabularySize } = shape;
  const tied = typeof config['tie_word_embeddings'] === 'boolean' ? config['tie_word_embeddings'] : used.tied;
  const embeddings = vocabularySize * hiddenSize * (tied ? 1 : 2) + (used.outputBias ? vocabularySize : 0);
  const norms = layers * normVectors(shape, config, used) * hiddenSize + hiddenSize * (used.finalNormBias ? 2 : 1);
  const parameters = embeddings + norms + layers * attention(shape, config, used) + feedForwards(shape, config, used);
  return { parameters, exact: layout !== undefined };
}
