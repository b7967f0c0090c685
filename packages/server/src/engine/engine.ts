/** What an engine needs to know and do; the HTTP layer sees nothing else of a model. Token counts and ids throughout; times in ms. */
export interface EngineInfo {
  readonly engine: 'llama' | 'echo';
  readonly modelId: string;
  /** Tokens per request, prompt and answer together. */
  readonly contextLength: number;
  /** Requests generated at once. */
  readonly parallel: number;
  readonly vocabularySize: number;
  /** RFC 3339 time of the load, for `/v1/models`. */
  readonly loadedAt: string;
  readonly capabilities: {
    readonly embeddings: boolean;
    readonly grammar: boolean;
    readonly logprobs: boolean;
    readonly chatTemplate: boolean;
    readonly tools: boolean;
  };
  readonly adapters: readonly string[];
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool' | (string & {});
  readonly content: string | null;
  readonly name?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: 'function';
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
}

export interface ToolDefinition {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters?: Record<string, unknown>;
  };
}

export interface SamplingOptions {
  /** 0: greedy. */
  readonly temperature: number;
  /** 0: off. */
  readonly topK: number;
  /** 1: off. */
  readonly topP: number;
  /** 0: off. */
  readonly minP: number;
  /** 1: off (multiplicative, as transformers' repetition_penalty). */
  readonly repetitionPenalty: number;
  /** 0: off (additive, as OpenAI's). */
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** Token id → additive bias. */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** Always set by the caller: the engine never takes the clock. */
  readonly seed: number;
}

export type OutputConstraint =
  | { readonly type: 'json' }
  | { readonly type: 'json_schema'; readonly schema: Record<string, unknown> }
  | { readonly type: 'gbnf'; readonly grammar: string };

export interface GenerateRequest {
  /** Never empty; never longer than contextLength − 1 (the HTTP layer answers 400 before). */
  readonly prompt: readonly number[];
  /** New tokens at most; prompt + maxTokens ≤ contextLength. */
  readonly maxTokens: number;
  /** New tokens before an end-of-text token may end the answer. */
  readonly minTokens?: number;
  readonly sampling: SamplingOptions;
  /** End before the first of these appears in the text; the stop string is not part of the text. */
  readonly stop: readonly string[];
  /** Ignore the model's end-of-text tokens. */
  readonly ignoreEndOfText?: boolean;
  readonly constraint?: OutputConstraint;
  /** How many alternatives to report per token; absent: no log-probabilities. */
  readonly logprobs?: number;
  /** Adapter to apply; absent: the adapters of the command line. */
  readonly adapter?: string;
}

export interface TokenLogprob {
  readonly token: string;
  readonly tokenId: number;
  /** Natural logarithm. */
  readonly logprob: number;
  readonly bytes: readonly number[];
}

export type FinishReason = 'stop' | 'length' | 'aborted';

export type GenerateEvent =
  /** Text is valid UTF-8: a character split over tokens comes with its last one; text may be ''. */
  | {
      readonly type: 'token';
      readonly tokenId: number;
      readonly text: string;
      readonly logprob?: TokenLogprob;
      readonly alternatives?: readonly TokenLogprob[];
    }
  | {
      readonly type: 'end';
      readonly finishReason: FinishReason;
      readonly promptTokens: number;
      readonly cachedTokens: number;
      readonly completionTokens: number;
    };

export interface EngineStats {
  /** Requests being generated, and waiting for a place. */
  readonly running: number;
  readonly waiting: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

/** A loaded model. All methods may be called concurrently; the engine orders its own work. */
export interface Engine {
  readonly info: EngineInfo;
  tokenize(text: string, options?: { readonly special?: boolean; readonly addBos?: boolean }): readonly number[];
  detokenize(tokens: readonly number[]): string;
  /** Renders the model's own chat template, ready for the answer (`add_generation_prompt`). Throws EngineError `NoChatTemplate`. */
  renderChat(messages: readonly ChatMessage[], options?: { readonly tools?: readonly ToolDefinition[] }): string;
  /**
   * Waits for a free place, then yields tokens and one `end`. Aborting `signal` (or leaving the iteration) stops the work at the next
   * token and frees the place. Throws EngineError.
   */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent>;
  /** Unit-length vectors. Throws EngineError `NotSupported`. */
  embed(inputs: readonly (readonly number[])[], signal: AbortSignal): Promise<readonly Float32Array[]>;
  stats(): EngineStats;
  /** Ends all generation and frees the model. */
  close(): Promise<void>;
}

export type EngineErrorCode =
  | 'ModelFileInvalid'
  | 'ModelFileMissing'
  | 'OutOfMemory'
  | 'NoChatTemplate'
  | 'NotSupported'
  | 'InvalidGrammar'
  | 'Internal';

/** The only error an engine throws on purpose. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;
  readonly remedy: string | undefined;
  constructor(code: EngineErrorCode, message: string, options?: { remedy?: string; cause?: unknown }) {
    super(message, { cause: options?.cause });
    this.name = 'EngineError';
    this.code = code;
    this.remedy = options?.remedy;
  }
}
