import {
  type Llama,
  type LlamaContext,
  type LlamaGrammar,
  LlamaGrammarEvaluationState,
  type LlamaModel,
} from 'node-llama-cpp';
import { EngineError } from '../engine.ts';

/**
 * The part of node-llama-cpp's native binding that decodes a batch. Its public `evaluate()` forms batches in the order in which JavaScript
 * happens to ask, adds an async generator and two locks per token, shifts the context without a word when it is full, and cannot bias
 * end-of-text tokens, report the model's own probabilities beside a sampled token, or copy one sequence's cache to another. So the
 * engine drives the binding itself. These names are not public API: `package.json` pins the exact version and `openNative` checks
 * them, so that an upgrade fails at start and not in the middle of an answer.
 */
export interface NativeContext {
  initBatch(size: number): void;
  /** Adds tokens at positions from `firstPosition` on; returns the batch index of each token named in `logitIndexes`. */
  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** Resolves to −1 when no token is possible. */
  sampleToken(batchIndex: number, sampler: NativeSampler): Promise<number>;
  sampleToken(
    batchIndex: number,
    sampler: NativeSampler,
    probabilities: boolean,
    confidence: boolean,
    logits: [tokens: number[], max: boolean, min: boolean, selected: boolean, top: number],
    totalLogitWeight: boolean,
  ): Promise<NativeLogits>;
  /** False when this kind of model cannot forget a part of a sequence. */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  disposeSequence(sequence: number): void;
  /** First position still held (above 0 with sliding-window attention); −1 when empty. */
  getSequenceKvCacheMinPosition(sequence: number): number;
  copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
}

/** Token −1 when none is possible; `logits` alternates token and logit; `totalWeight` is Σ exp(logit − largest logit). */
export type NativeLogits = [
  token: number,
  probabilities: undefined,
  confidence: undefined,
  logits: ArrayLike<number>,
  totalWeight: number,
];

export interface SamplerConfig {
  temperature: number;
  minP?: number;
  topK?: number;
  topP?: number;
  seed: number;
  repeatPenalty?: number;
  repeatPenaltyMaxTokens?: number;
  repeatPenaltyTokens?: Uint32Array;
  tokenBiasKeys?: Uint32Array;
  tokenBiasValues?: Float32Array;
  grammarEvaluationState?: object;
}

export interface NativeSampler {
  /** Idempotent; keeps the state of what did not change (random numbers, penalties' history). */
  applyConfig(config: SamplerConfig): void;
  dispose(): void;
}

export interface LoraSetting {
  readonly filePath: string;
  readonly scale: number;
}

export interface Native {
  readonly context: NativeContext;
  createSampler(): NativeSampler;
  createGrammarState(grammar: LlamaGrammar): object;
  setLoras(loras: readonly LoraSetting[]): Promise<void>;
}

const contextMethods = [
  'initBatch',
  'addToBatch',
  'decodeBatch',
  'sampleToken',
  'removeTokenCellsFromSequence',
  'disposeSequence',
  'getSequenceKvCacheMinPosition',
  'copySequenceStateFromOtherSequence',
] as const;

/** Takes the native binding out of a context. Throws EngineError `Internal` when the installed version is not the one this was written for. */
export function openNative(llama: Llama, model: LlamaModel, context: LlamaContext): Native {
  const { _bindings: bindings } = llama as unknown as {
    _bindings?: { AddonSampler?: new (model: object) => NativeSampler };
  };
  const { _model: nativeModel } = model as unknown as { _model?: object };
  const { _ctx: nativeContext, _setLoras: setLoras } = context as unknown as {
    _ctx?: NativeContext;
    _setLoras?: (loras: readonly LoraSetting[]) => Promise<void>;
  };
  const Sampler = bindings?.AddonSampler;
  const missing = contextMethods.filter((name) => typeof nativeContext?.[name] !== 'function');
  if (!Sampler || !nativeModel || !nativeContext || typeof setLoras !== 'function' || missing.length > 0)
    throw new EngineError(
      'Internal',
      `This version of node-llama-cpp does not offer ${missing.join(', ') || 'its native binding'}.`,
      {
        remedy: 'Install the version of node-llama-cpp that package.json names.',
      },
    );
  return {
    context: nativeContext,
    createSampler: () => new Sampler(nativeModel),
    createGrammarState(grammar) {
      const { _state: state } = new LlamaGrammarEvaluationState({ model, grammar }) as unknown as { _state: object };
      return state;
    },
    setLoras: (loras) => setLoras.call(context, loras),
  };
}
