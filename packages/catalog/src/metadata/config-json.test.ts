import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { findModel, loadCatalog } from '../catalog.ts';
import { kvCacheBytesPerToken } from '../sizing/kv-cache.ts';
import { architectureFromConfigJson } from './config-json.ts';

const llama = (fields: Record<string, unknown>) => ({ model_type: 'llama', ...fields });

/** The size fields of the publishers' config.json, and the catalog entry they describe. */
const configs: [string, Record<string, unknown>][] = [
  [
    'mistral-7b',
    {
      model_type: 'mistral',
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      vocab_size: 32_000,
      max_position_embeddings: 32_768,
      sliding_window: 4096,
      tie_word_embeddings: false,
    },
  ],
  [
    'mistral-7b-instruct',
    {
      model_type: 'mistral',
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      vocab_size: 32_000,
      max_position_embeddings: 32_768,
      sliding_window: null,
      tie_word_embeddings: false,
    },
  ],
  [
    'falcon-7b',
    {
      model_type: 'falcon',
      hidden_size: 4544,
      num_attention_heads: 71,
      num_hidden_layers: 32,
      multi_query: true,
      new_decoder_architecture: false,
      parallel_attn: true,
      vocab_size: 65_024,
    },
  ],
  [
    'falcon-40b',
    {
      model_type: 'falcon',
      hidden_size: 8192,
      num_attention_heads: 128,
      num_hidden_layers: 60,
      num_kv_heads: 8,
      new_decoder_architecture: true,
      parallel_attn: true,
      vocab_size: 65_024,
    },
  ],
  [
    'phi-2',
    {
      model_type: 'phi',
      hidden_size: 2560,
      intermediate_size: 10_240,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: null,
      vocab_size: 51_200,
      max_position_embeddings: 2048,
      tie_word_embeddings: false,
    },
  ],
  [
    'llama-2-7b',
    llama({
      hidden_size: 4096,
      intermediate_size: 11_008,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 32,
      vocab_size: 32_000,
      max_position_embeddings: 4096,
    }),
  ],
  [
    'llama-2-13b',
    llama({
      hidden_size: 5120,
      intermediate_size: 13_824,
      num_attention_heads: 40,
      num_hidden_layers: 40,
      num_key_value_heads: 40,
      vocab_size: 32_000,
      max_position_embeddings: 4096,
    }),
  ],
  [
    'llama-2-70b',
    llama({
      hidden_size: 8192,
      intermediate_size: 28_672,
      num_attention_heads: 64,
      num_hidden_layers: 80,
      num_key_value_heads: 8,
      vocab_size: 32_000,
      max_position_embeddings: 4096,
    }),
  ],
  [
    'llama-3.2-1b-instruct',
    llama({
      hidden_size: 2048,
      intermediate_size: 8192,
      num_attention_heads: 32,
      num_hidden_layers: 16,
      num_key_value_heads: 8,
      head_dim: 64,
      vocab_size: 128_256,
      max_position_embeddings: 131_072,
      tie_word_embeddings: true,
    }),
  ],
  [
    'llama-3.1-8b-instruct',
    llama({
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      vocab_size: 128_256,
      max_position_embeddings: 131_072,
      tie_word_embeddings: false,
    }),
  ],
  [
    'smollm2-360m-instruct',
    llama({
      hidden_size: 960,
      intermediate_size: 2560,
      num_attention_heads: 15,
      num_hidden_layers: 32,
      num_key_value_heads: 5,
      vocab_size: 49_152,
      max_position_embeddings: 8192,
      tie_word_embeddings: true,
    }),
  ],
  [
    'qwen2.5-0.5b-instruct',
    {
      model_type: 'qwen2',
      hidden_size: 896,
      intermediate_size: 4864,
      num_attention_heads: 14,
      num_hidden_layers: 24,
      num_key_value_heads: 2,
      vocab_size: 151_936,
      max_position_embeddings: 32_768,
      sliding_window: 32_768,
      use_sliding_window: false,
      max_window_layers: 21,
      tie_word_embeddings: true,
    },
  ],
  [
    'qwen2.5-7b-instruct',
    {
      model_type: 'qwen2',
      hidden_size: 3584,
      intermediate_size: 18_944,
      num_attention_heads: 28,
      num_hidden_layers: 28,
      num_key_value_heads: 4,
      vocab_size: 152_064,
      max_position_embeddings: 32_768,
      use_sliding_window: false,
      sliding_window: 131_072,
      tie_word_embeddings: false,
    },
  ],
  [
    'gemma-2-2b-it',
    {
      model_type: 'gemma2',
      hidden_size: 2304,
      intermediate_size: 9216,
      num_attention_heads: 8,
      num_hidden_layers: 26,
      num_key_value_heads: 4,
      head_dim: 256,
      vocab_size: 256_000,
      max_position_embeddings: 8192,
      sliding_window: 4096,
    },
  ],
  [
    'gemma-2-9b-it',
    {
      model_type: 'gemma2',
      hidden_size: 3584,
      intermediate_size: 14_336,
      num_attention_heads: 16,
      num_hidden_layers: 42,
      num_key_value_heads: 8,
      head_dim: 256,
      vocab_size: 256_000,
      max_position_embeddings: 8192,
      sliding_window: 4096,
    },
  ],
];

test.each(configs)(
  '%s: its config.json gives the catalog its architecture, parameters counted to the last',
  (name, config) => {
    const { architecture } = findModel(loadCatalog(), name)!;
    expect(architectureFromConfigJson(JSON.stringify(config))).toEqual({ ok: true, findings: [], architecture });
  },
);

test('DeepSeek-V3: latent attention and 256 experts', () => {
  const config = {
    model_type: 'deepseek_v3',
    hidden_size: 7168,
    intermediate_size: 18_432,
    moe_intermediate_size: 2048,
    num_hidden_layers: 61,
    num_attention_heads: 128,
    num_key_value_heads: 128,
    n_routed_experts: 256,
    n_shared_experts: 1,
    first_k_dense_replace: 3,
    topk_method: 'noaux_tc',
    kv_lora_rank: 512,
    q_lora_rank: 1536,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
    vocab_size: 129_280,
    max_position_embeddings: 163_840,
    tie_word_embeddings: false,
  };
  const read = architectureFromConfigJson(JSON.stringify(config));
  if (!read.ok) throw new Error('not read');
  expect(read.architecture.parameters).toBe(671_026_419_200);
  expect(kvCacheBytesPerToken(read.architecture)).toBe(70_272);
});

function parameters(config: object): number | undefined {
  const read = architectureFromConfigJson(JSON.stringify(config));
  return read.ok ? read.architecture.parameters : undefined;
}

test('Mixtral, Qwen3 and Phi-3.5 count to their published figures', () => {
  expect(
    parameters({
      model_type: 'mixtral',
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      num_local_experts: 8,
      vocab_size: 32_000,
    }),
  ).toBe(46_702_792_704);
  expect(
    parameters({
      model_type: 'phi3',
      hidden_size: 3072,
      intermediate_size: 8192,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      vocab_size: 32_064,
    }),
  ).toBe(3_821_079_552);
  expect(
    parameters({
      model_type: 'qwen3',
      hidden_size: 1024,
      intermediate_size: 3072,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      head_dim: 128,
      vocab_size: 151_936,
      tie_word_embeddings: true,
    }),
  ).toBe(596_049_920);
});

test('nested language models, older field names, an unknown family, given parameters', () => {
  const gpt2 = { model_type: 'gpt2', n_embd: 768, n_head: 12, n_layer: 12, n_ctx: 1024, vocab_size: 50_257 };
  expect(architectureFromConfigJson(JSON.stringify({ text_config: gpt2 }))).toMatchObject({
    ok: true,
    findings: [{ code: 'ParametersEstimated' }],
    architecture: { kvHeads: 12, contextLength: 1024 },
  });
  expect(architectureFromConfigJson(JSON.stringify(gpt2), { parameters: 124_439_808 })).toMatchObject({
    findings: [],
    architecture: { parameters: 124_439_808 },
  });
  expect(
    architectureFromConfigJson('{"hidden_size": 8, "rope": NaN, "x": [-Infinity], "vocab_size": 5}'),
  ).toMatchObject({ ok: false, findings: [{ code: 'ArchitectureIncomplete' }] });
});

test('anything that is not such a document is a finding, never a throw', () => {
  for (const text of ['', 'null', '[]', '{', '"x"', '<html>'])
    expect(architectureFromConfigJson(text)).toMatchObject({ ok: false, findings: [{ code: 'NotJson' }] });
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 4096 }), fc.json()), (text) => {
      expect(architectureFromConfigJson(text).findings.length).toBeGreaterThan(0);
    }),
  );
});
