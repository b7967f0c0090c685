/** A GGUF value with its type, to be written. */
export type Written =
  | { u32: number }
  | { u64: bigint }
  | { f32: number }
  | { bool: boolean }
  | { text: string }
  | { texts: readonly string[] }
  | { u32s: readonly number[] };

export interface GgufParts {
  readonly version?: number;
  readonly metadata?: Readonly<Record<string, Written>>;
  readonly tensors?: readonly {
    readonly name: string;
    readonly dimensions: readonly number[];
    readonly type: number;
  }[];
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function value(written: Written): Buffer {
  if ('u32' in written) return Buffer.concat([u32(4), u32(written.u32)]);
  if ('u64' in written) return Buffer.concat([u32(10), u64(written.u64)]);
  if ('f32' in written) return Buffer.concat([u32(6), f32(written.f32)]);
  if ('bool' in written) return Buffer.concat([u32(7), Buffer.from([written.bool ? 1 : 0])]);
  if ('text' in written) return Buffer.concat([u32(8), text(written.text)]);
  if ('texts' in written) return Buffer.concat([u32(9), u32(8), u64(written.texts.length), ...written.texts.map(text)]);
  return Buffer.concat([u32(9), u32(4), u64(written.u32s.length), ...written.u32s.map(u32)]);
}

/** The bytes of a GGUF header. */
export function gguf({ version = 3, metadata = {}, tensors = [] }: GgufParts): Uint8Array {
  const keys = Object.entries(metadata).flatMap(([key, written]) => [text(key), value(written)]);
  const infos = tensors.flatMap(({ name, dimensions, type }) => [
    text(name),
    u32(dimensions.length),
    ...dimensions.map(u64),
    u32(type),
    u64(0),
  ]);
  return Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(tensors.length),
    u64(Object.keys(metadata).length),
    ...keys,
    ...infos,
  ]);
}

/** The keys of SmolLM2-135M's header, as its real file states them. */
export const smollm2Metadata: Readonly<Record<string, Written>> = {
  'general.architecture': { text: 'llama' },
  'general.license': { text: 'apache-2.0' },
  'llama.block_count': { u32: 30 },
  'llama.context_length': { u32: 8192 },
  'llama.embedding_length': { u32: 576 },
  'llama.feed_forward_length': { u32: 1536 },
  'llama.attention.head_count': { u32: 9 },
  'llama.attention.head_count_kv': { u32: 3 },
  'llama.rope.freq_base': { f32: 100_000 },
  'llama.vocab_size': { u32: 49_152 },
  'llama.rope.dimension_count': { u32: 64 },
  'tokenizer.ggml.add_bos_token': { bool: false },
  'tokenizer.ggml.tokens': { texts: ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] },
};

const [f32Type, q41, q80] = [0, 3, 8];

/** SmolLM2-135M's 272 tensors, with the shapes and types of its real Q4_1 file. */
export const smollm2Tensors = [
  { name: 'token_embd.weight', dimensions: [576, 49_152], type: q80 },
  ...Array.from({ length: 30 }, (_, layer) =>
    (
      [
        ['attn_norm', [576], f32Type],
        ['ffn_down', [1536, 576], q41],
        ['ffn_gate', [576, 1536], q41],
        ['ffn_up', [576, 1536], q41],
        ['ffn_norm', [576], f32Type],
        ['attn_k', [576, 192], q41],
        ['attn_output', [576, 576], q41],
        ['attn_q', [576, 576], q41],
        ['attn_v', [576, 192], q41],
      ] as const
    ).map(([name, dimensions, type]) => ({ name: `blk.${layer}.${name}.weight`, dimensions, type })),
  ).flat(),
  { name: 'output_norm.weight', dimensions: [576], type: f32Type },
];
