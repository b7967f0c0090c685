import type { LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp';
import { EngineError } from '../engine.ts';

/** Embeds token lists, one at a time, in a context of its own. */
export class Embedder {
  readonly #context: LlamaEmbeddingContext;

  private constructor(context: LlamaEmbeddingContext) {
    this.#context = context;
  }

  static async open(
    model: LlamaModel,
    contextLength: number,
    threads: number,
    signal?: AbortSignal,
  ): Promise<Embedder> {
    // A model that looks at a text as a whole has to see it in one pass.
    const context = await model.createEmbeddingContext({
      contextSize: contextLength,
      batchSize: contextLength,
      threads,
      ...(signal && { createSignal: signal }),
    });
    return new Embedder(context);
  }

  /** Vectors of length 1 (a vector of zeros stays one). Throws EngineError `Internal`; rethrows the signal's reason. */
  async embed(inputs: readonly (readonly number[])[], signal: AbortSignal): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const input of inputs) {
      signal.throwIfAborted();
      try {
        const { vector } = await this.#context.getEmbeddingFor([...input] as Token[]);
        vectors.push(normalised(vector));
      } catch (error) {
        throw new EngineError(
          'Internal',
          `The embedding failed: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
          },
        );
      }
    }
    return vectors;
  }

  async close(): Promise<void> {
    await this.#context.dispose();
  }
}

function normalised(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => (length > 0 ? value / length : 0));
}
