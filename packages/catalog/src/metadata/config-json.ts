import type { ModelArchitecture } from '../model.ts';
import { type ArchitectureRead, missing, refused } from './architecture-read.ts';
import { isObject, type JsonObject, parseJsonObject, positiveInteger } from './json-document.ts';
import { countParameters } from './parameter-count.ts';

/** Vision and audio models nest the language model's fields. */
function languageModelOf(config: JsonObject): JsonObject {
  for (const field of ['text_config', 'llm_config', 'language_config']) {
    const nested = config[field];
    if (isObject(nested)) return { ...config, ...nested };
  }
  return config;
}

/**
 * Key/value heads. Falcon's first generation says `multi_query` (one head) where the newer decoder states `num_kv_heads`; elsewhere a
 * missing figure means as many as attention heads (Hugging Face transformers, the configuration classes' defaults).
 */
function kvHeadsOf(config: JsonObject, attentionHeads: number): number {
  if (config['multi_query'] === true && config['new_decoder_architecture'] !== true) return 1;
  return positiveInteger(config, 'num_key_value_heads', 'num_kv_heads', 'n_head_kv', 'n_kv_heads') ?? attentionHeads;
}

function windowOf(config: JsonObject, family: string, layers: number): Partial<ModelArchitecture> {
  const slidingWindow = positiveInteger(config, 'sliding_window');
  if (slidingWindow === undefined || config['use_sliding_window'] === false) return {};
  const types = config['layer_types'];
  if (Array.isArray(types))
    return { slidingWindow, slidingWindowLayers: types.filter((type) => type === 'sliding_attention').length };
  const pattern = positiveInteger(config, 'sliding_window_pattern') ?? (family === 'gemma2' ? 2 : undefined);
  if (pattern !== undefined && pattern > 1)
    return { slidingWindow, slidingWindowLayers: layers - Math.floor(layers / pattern) };
  const full = positiveInteger(config, 'max_window_layers');
  return { slidingWindow, ...(full === undefined ? {} : { slidingWindowLayers: Math.max(0, layers - full) }) };
}

/**
 * The architecture that a Hugging Face `config.json` states. Takes the text; never throws. Field names as transformers' configuration
 * classes use them, with GPT-2's older ones. `options.parameters` (from a safetensors index) is better than the count this derives.
 * Findings: `NotJson`, `ArchitectureIncomplete`; `ParametersEstimated` (info) where the family's layout is not known.
 */
export function architectureFromConfigJson(
  text: string,
  options: { readonly parameters?: number } = {},
): ArchitectureRead {
  const document = parseJsonObject(text);
  if (!document) return refused('NotJson', 'The config.json is not a JSON object.', 'Download the file again.');
  const config = languageModelOf(document);
  const layers = positiveInteger(config, 'num_hidden_layers', 'n_layer', 'n_layers', 'num_layers');
  const hiddenSize = positiveInteger(config, 'hidden_size', 'n_embd', 'd_model', 'dim');
  const attentionHeads = positiveInteger(config, 'num_attention_heads', 'n_head', 'n_heads');
  const vocabularySize = positiveInteger(config, 'vocab_size', 'padded_vocab_size');
  if (!layers || !hiddenSize || !attentionHeads || !vocabularySize) {
    const required = {
      num_hidden_layers: layers,
      hidden_size: hiddenSize,
      num_attention_heads: attentionHeads,
      vocab_size: vocabularySize,
    };
    return missing(
      'config.json',
      Object.entries(required).flatMap(([field, value]) => (value ? [] : [field])),
    );
  }
  const family = typeof config['model_type'] === 'string' ? config['model_type'] : 'unknown';
  const kvLoraRank = positiveInteger(config, 'kv_lora_rank');
  const feedForwardSize =
    positiveInteger(config, 'intermediate_size', 'ffn_hidden_size', 'n_inner', 'ffn_dim') ??
    (family === 'falcon' ? 4 * hiddenSize : undefined);
  const shape = {
    family,
    layers,
    hiddenSize,
    attentionHeads,
    kvHeads: kvHeadsOf(config, attentionHeads),
    headDimension: positiveInteger(config, 'head_dim', 'attention_head_dim') ?? Math.floor(hiddenSize / attentionHeads),
    vocabularySize,
    contextLength:
      positiveInteger(
        config,
        'max_position_embeddings',
        'n_positions',
        'n_ctx',
        'seq_length',
        'max_seq_len',
        'max_sequence_length',
      ) ?? 2048,
    ...(feedForwardSize === undefined ? {} : { feedForwardSize }),
    ...windowOf(config, family, layers),
    ...(kvLoraRank ? { mla: { kvLoraRank, ropeHeadDimension: positiveInteger(config, 'qk_rope_head_dim') ?? 0 } } : {}),
  };
  if (options.parameters !== undefined)
    return { ok: true, architecture: { ...shape, parameters: options.parameters }, findings: [] };
  const { parameters, exact } = countParameters(shape, config);
  const findings = exact
    ? []
    : [
        {
          code: 'ParametersEstimated',
          severity: 'info' as const,
          message: `The layout of "${family}" models is not known: ${parameters} parameters are an estimate.`,
        },
      ];
  return { ok: true, architecture: { ...shape, parameters }, findings };
}
