import type { LlamaModel } from 'node-llama-cpp';
import { EngineError } from '../engine.ts';

/** llama.cpp counts positions in 32-bit integers. */
const largestContext = 2 ** 31 - 1;
/** What llama.cpp notes of a cache cell besides keys and values: position, shift, extent and a bit for each of 256 sequences (llama-kv-cells.h). */
const cellBytes = 48;

export interface ContextShape {
  /** Tokens per sequence. */
  readonly contextLength: number;
  readonly parallel: number;
  readonly batchSize: number;
}

/**
 * Refuses a context that does not fit beside the weights into `available` bytes of this machine's memory, where the system would end the
 * process instead of refusing the allocation. Throws EngineError `OutOfMemory`.
 */
export async function checkMemory(model: LlamaModel, shape: ContextShape, available: number): Promise<void> {
  const { contextLength, parallel, batchSize } = shape;
  const cells = contextLength * parallel;
  const what = `${parallel} sequences of ${contextLength} tokens`;
  if (cells > largestContext)
    throw tooLarge(`${what} are more than the ${largestContext} tokens that llama.cpp can count.`);
  const weights = model.size;
  // The exact account builds the table of cells, so the plain product comes first.
  const least = cells * (cellBytes + keyValueBytes(model));
  const context =
    least + weights > available
      ? least
      : (
          await model.fileInsights.estimateContextResourceRequirementsV2({
            contextSize: contextLength,
            sequences: parallel,
            batchSize,
            modelGpuLayers: 0,
          })
        ).cpuRam;
  if (context + weights > available)
    throw tooLarge(
      `${what} need ${gib(context)} GiB beside ${gib(weights)} GiB of weights, and this machine has ${gib(available)} GiB free.`,
    );
}

/**
 * Bytes of keys and values per token at 16 bits each: layers × KV heads × (key + value length) × 2. 0 for models that keep less than
 * that (sliding windows, compressed or recurrent states).
 */
function keyValueBytes(model: LlamaModel): number {
  const metadata = model.fileInfo.architectureMetadata as {
    block_count?: number;
    embedding_length?: number;
    attention?: Record<string, unknown>;
    ssm?: unknown;
  };
  const { attention = {}, block_count: layers = 0, embedding_length: width = 0 } = metadata;
  if ('sliding_window' in attention || 'kv_lora_rank' in attention || 'ssm' in metadata) return 0;
  const heads = attention['head_count'];
  const keyValueHeads = attention['head_count_kv'] ?? heads;
  if (typeof heads !== 'number' || typeof keyValueHeads !== 'number') return 0;
  const key = Number(attention['key_length'] ?? width / heads);
  const value = Number(attention['value_length'] ?? width / heads);
  return layers * keyValueHeads * (key + value) * 2;
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}

function tooLarge(message: string): EngineError {
  return new EngineError('OutOfMemory', message, {
    remedy: 'Use a shorter context, fewer parallel requests or a smaller quantisation.',
  });
}
