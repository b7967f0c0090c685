import type { GenerateRequest } from '../engine.ts';
import type { Native, NativeSampler, SamplerConfig } from './native.ts';

/** What a sampler needs to know of the model. */
export interface SamplingModel {
  readonly contextLength: number;
  /** Every token that ends a text. */
  readonly endOfText: () => readonly number[];
}

/**
 * Draws one answer's tokens. Order of the steps: biases, additive penalties (over the answer so far), multiplicative penalty (over prompt
 * and answer), top-k, top-p, min-p, temperature, draw. With a constraint, end-of-text tokens are left to the grammar: `minTokens` and
 * `ignoreEndOfText` do not apply, since past the end of its grammar no token is allowed.
 */
export class AnswerSampler {
  readonly #native: NativeSampler;
  readonly #request: GenerateRequest;
  readonly #model: SamplingModel;
  readonly #config: SamplerConfig;
  readonly #counts = new Map<number, number>();
  readonly #additive: boolean;
  #history: number[] | undefined;
  #generated = 0;
  #stale = true;

  constructor(native: Native, request: GenerateRequest, model: SamplingModel, grammarState: object | undefined) {
    this.#native = native.createSampler();
    this.#request = request;
    this.#model = model;
    const { sampling } = request;
    this.#additive = sampling.frequencyPenalty !== 0 || sampling.presencePenalty !== 0;
    this.#config = { temperature: Math.max(0, sampling.temperature), seed: foldSeed(sampling.seed) };
    if (sampling.temperature > 0) {
      if (sampling.topK > 0) this.#config.topK = sampling.topK;
      if (sampling.topP < 1) this.#config.topP = sampling.topP;
      if (sampling.minP > 0) this.#config.minP = sampling.minP;
    }
    if (sampling.repetitionPenalty !== 1) {
      this.#config.repeatPenalty = sampling.repetitionPenalty;
      this.#config.repeatPenaltyMaxTokens = model.contextLength;
      this.#history = [...request.prompt];
    }
    if (grammarState !== undefined) this.#config.grammarEvaluationState = grammarState;
  }

  /** The sampler, set up for the next token. */
  prepare(): NativeSampler {
    if (this.#stale) this.#apply();
    return this.#native;
  }

  /** Notes the token that was drawn. */
  accept(token: number): void {
    this.#generated++;
    if (this.#additive) {
      this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
      this.#stale = true;
    }
    if (this.#generated === this.#request.minTokens) this.#stale = true;
    this.#history?.push(token);
  }

  dispose(): void {
    this.#native.dispose();
  }

  #apply(): void {
    const biases = this.#biases();
    if (biases.size > 0) {
      this.#config.tokenBiasKeys = Uint32Array.from(biases.keys());
      this.#config.tokenBiasValues = Float32Array.from(biases.values());
    } else {
      delete this.#config.tokenBiasKeys;
      delete this.#config.tokenBiasValues;
    }
    // The binding keeps its own history in step; a later setup has to name the same one.
    if (this.#history) this.#config.repeatPenaltyTokens = Uint32Array.from(this.#history);
    this.#native.applyConfig(this.#config);
    this.#stale = false;
  }

  #biases(): Map<number, number> {
    const { sampling, minTokens = 0, ignoreEndOfText, constraint } = this.#request;
    const biases = new Map(sampling.logitBias);
    for (const [token, count] of this.#counts)
      biases.set(token, (biases.get(token) ?? 0) - count * sampling.frequencyPenalty - sampling.presencePenalty);
    if (constraint === undefined && (ignoreEndOfText || this.#generated < minTokens))
      for (const token of this.#model.endOfText()) biases.set(token, -Infinity);
    return biases;
  }
}

/** llama.cpp takes 32 bits and reads all ones as "take the clock". */
export function foldSeed(seed: number): number {
  const folded = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  return folded === 0xffffffff ? 0x7fffffff : folded;
}
