import { type MetadataValue, type Tensor, writeGguf } from './gguf-writer.ts';

const width = 32;
const heads = 4;
const feedForward = 64;
const layers = 2;

/** Ids of the special tokens, after the 256 of the bytes. */
export const tinyTokens = { start: 256, end: 257, turn: 258 } as const;

/** ChatML, as many small models have it. */
export const chatMl = `{% for message in messages %}{{ '<|turn|>' + message['role'] + '\\n' + message['content'] + eos_token + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|turn|>assistant\\n' }}{% endif %}`;

export interface TinyModelOptions {
  /** Tokens the model says it was trained with; 512 when absent. */
  readonly trainedContext?: number;
  readonly chatTemplate?: string;
  readonly seed?: number;
}

/**
 * Writes a random model of the llama architecture: 2 layers, a vocabulary of the 256 bytes and 3 special tokens. What it says means
 * nothing, but the same prompt and seed always give the same.
 */
export async function writeTinyModel(path: string, options: TinyModelOptions = {}): Promise<void> {
  const tokens = [...byteTokens(), '<|start|>', '<|end|>', '<|turn|>'];
  const metadata: Record<string, MetadataValue> = {
    'general.architecture': { string: 'llama' },
    'general.name': { string: 'tiny' },
    'llama.context_length': { uint32: options.trainedContext ?? 512 },
    'llama.embedding_length': { uint32: width },
    'llama.block_count': { uint32: layers },
    'llama.feed_forward_length': { uint32: feedForward },
    'llama.rope.dimension_count': { uint32: width / heads },
    'llama.attention.head_count': { uint32: heads },
    'llama.attention.head_count_kv': { uint32: heads },
    'llama.attention.layer_norm_rms_epsilon': { float32: 1e-5 },
    'llama.vocab_size': { uint32: tokens.length },
    'tokenizer.ggml.model': { string: 'gpt2' },
    'tokenizer.ggml.pre': { string: 'gpt-2' },
    'tokenizer.ggml.tokens': { strings: tokens },
    // 1: an ordinary token, 3: a control token.
    'tokenizer.ggml.token_type': { int32s: tokens.map((_, token) => (token < 256 ? 1 : 3)) },
    'tokenizer.ggml.merges': { strings: [] },
    'tokenizer.ggml.bos_token_id': { uint32: tinyTokens.start },
    'tokenizer.ggml.eos_token_id': { uint32: tinyTokens.end },
    ...(options.chatTemplate !== undefined && { 'tokenizer.chat_template': { string: options.chatTemplate } }),
  };
  const random = gaussian(options.seed ?? 1);
  const matrix = (name: string, columns: number, rows: number, deviation = 1.5 / Math.sqrt(columns)): Tensor => ({
    name: `${name}.weight`,
    dimensions: [columns, rows],
    data: Float32Array.from({ length: columns * rows }, () => random() * deviation),
  });
  const ones = (name: string): Tensor => ({
    name: `${name}.weight`,
    dimensions: [width],
    data: new Float32Array(width).fill(1),
  });
  const tensors = [
    matrix('token_embd', width, tokens.length, 1),
    ...Array.from({ length: layers }, (_, layer) => `blk.${layer}`).flatMap((block) => [
      ones(`${block}.attn_norm`),
      ...['q', 'k', 'v', 'output'].map((part) => matrix(`${block}.attn_${part}`, width, width)),
      ones(`${block}.ffn_norm`),
      matrix(`${block}.ffn_gate`, width, feedForward),
      matrix(`${block}.ffn_up`, width, feedForward),
      matrix(`${block}.ffn_down`, feedForward, width),
    ]),
    ones('output_norm'),
    matrix('output', width, tokens.length),
  ];
  await writeGguf(path, metadata, tensors);
}

/** Writes a LoRA adapter for the tiny model that changes its first layer by much. */
export async function writeTinyAdapter(path: string, seed: number): Promise<void> {
  const random = gaussian(seed);
  const rank = 2;
  const target = 'blk.0.attn_output.weight';
  const values = (length: number) => Float32Array.from({ length }, () => random());
  await writeGguf(
    path,
    {
      'general.architecture': { string: 'llama' },
      'general.type': { string: 'adapter' },
      'adapter.type': { string: 'lora' },
      'adapter.lora.alpha': { float32: rank },
    },
    [
      { name: `${target}.lora_a`, dimensions: [width, rank], data: values(width * rank) },
      { name: `${target}.lora_b`, dimensions: [rank, width], data: values(rank * width) },
    ],
  );
}

/** The bytes in GPT-2's spelling (openai/gpt-2, `bytes_to_unicode`). */
function byteTokens(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/** Normally distributed numbers (Box and Muller) from mulberry32. */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
