import type { LlamaModel, Token } from 'node-llama-cpp';
import {
  type ChatMessage,
  type Engine,
  EngineError,
  type EngineInfo,
  type EngineStats,
  type GenerateEvent,
  type GenerateRequest,
  type ToolDefinition,
} from '../engine.ts';
import { type ChatTemplate, compileChatTemplate } from './chat-template.ts';
import { Embedder } from './embedder.ts';
import { Generation } from './generation.ts';
import { compileConstraint } from './grammar.ts';
import { type LoadedModel, loadModel } from './load.ts';
import { type Native, openNative } from './native.ts';
import { AnswerSampler } from './sampling.ts';
import { StepLoop } from './step-loop.ts';
import { TokenBytes } from './token-bytes.ts';

export interface LlamaEngineOptions {
  /** A GGUF file. */
  readonly modelPath: string;
  readonly modelId: string;
  /** Tokens per request, prompt and answer together; absent: what the model was trained with, at most 4096. */
  readonly contextLength?: number;
  /** Requests generated at once. */
  readonly parallel: number;
  readonly threads: number;
  /** Layers to hold on the GPU; 0: none. */
  readonly gpuLayers: 'auto' | number;
  /** LoRA adapters (GGUF); all apply together unless a request names one. */
  readonly adapters?: readonly { readonly name: string; readonly path: string; readonly strength: number }[];
  /** Whether `embed` is wanted; it takes a context of its own. */
  readonly embeddings: boolean;
  /** Ends the load. */
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

/** Loads a GGUF model into llama.cpp. Throws EngineError; rethrows the signal's reason. */
export async function openLlamaEngine(options: LlamaEngineOptions): Promise<Engine> {
  const loaded = await loadModel(options);
  try {
    const native = openNative(loaded.llama, loaded.model, loaded.context);
    const embedder = options.embeddings
      ? await Embedder.open(loaded.model, loaded.contextLength, options.threads, options.signal)
      : undefined;
    const engine = new LlamaEngine(options, loaded, native, embedder);
    await engine.useAdapter('');
    return engine;
  } catch (error) {
    await loaded.llama.dispose();
    throw error;
  }
}

class LlamaEngine implements Engine {
  readonly info: EngineInfo;
  readonly #options: LlamaEngineOptions;
  readonly #loaded: LoadedModel;
  readonly #model: LlamaModel;
  readonly #native: Native;
  readonly #embedder: Embedder | undefined;
  readonly #template: ChatTemplate | undefined;
  readonly #loop: StepLoop;
  readonly #totals = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  /** Read when it is first asked for: few ask for probabilities, and it takes megabytes. */
  #tokenBytes: Promise<TokenBytes> | undefined;
  #endOfText: readonly number[] | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LlamaEngineOptions, loaded: LoadedModel, native: Native, embedder: Embedder | undefined) {
    const { model, llama, vocabularySize, contextLength, batchSize } = loaded;
    this.#options = options;
    this.#loaded = loaded;
    this.#model = model;
    this.#native = native;
    this.#embedder = embedder;
    const template = model.fileInfo.metadata.tokenizer?.chat_template;
    this.#template =
      typeof template === 'string'
        ? compileChatTemplate(template, model.tokens.bosString ?? '', model.tokens.eosString ?? '')
        : undefined;
    this.#loop = new StepLoop(native, {
      parallel: options.parallel,
      batchSize,
      promptChunk: llama.gpu === false ? { shared: 128, alone: 256 } : { shared: 256, alone: 512 },
      isEndOfText: (token) => model.isEogToken(token as Token),
      tokenBytes: () => (this.#tokenBytes ??= TokenBytes.read(model, options.modelPath)),
      useAdapter: (name) => this.useAdapter(name),
    });
    this.info = {
      engine: 'llama',
      modelId: options.modelId,
      contextLength,
      parallel: options.parallel,
      vocabularySize,
      loadedAt: (options.now?.() ?? new Date()).toISOString(),
      capabilities: {
        embeddings: embedder !== undefined,
        grammar: true,
        logprobs: true,
        chatTemplate: this.#template !== undefined,
        tools: this.#template?.tools ?? false,
      },
      adapters: (options.adapters ?? []).map(({ name }) => name),
    };
  }

  tokenize(text: string, options: { readonly special?: boolean; readonly addBos?: boolean } = {}): readonly number[] {
    const tokens: number[] = this.#model.tokenize(text, options.special ?? false);
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    if (options.addBos && bos !== null && shouldPrependBosToken && tokens[0] !== bos) tokens.unshift(bos);
    return tokens;
  }

  detokenize(tokens: readonly number[]): string {
    return this.#model.detokenize(tokens as readonly Token[], true);
  }

  renderChat(messages: readonly ChatMessage[], options: { readonly tools?: readonly ToolDefinition[] } = {}): string {
    if (this.#template === undefined)
      throw new EngineError('NoChatTemplate', `The model ${this.info.modelId} has no chat template.`, {
        remedy: 'Send a plain prompt, or use an instruction-tuned model.',
      });
    return this.#template.render(messages, options.tools);
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent, void, undefined> {
    this.#check(request);
    if (this.#closing) throw new EngineError('Internal', 'The engine is closed.');
    const grammar = request.constraint && (await compileConstraint(this.#loaded.llama, request.constraint));
    const { contextLength } = this.info;
    const generation = new Generation(
      request,
      request.adapter ?? '',
      signal,
      this.#model,
      () =>
        new AnswerSampler(
          this.#native,
          request,
          { contextLength, endOfText: () => this.#endOfTextTokens() },
          grammar && this.#native.createGrammarState(grammar),
        ),
      (ended) => this.#count(ended),
    );
    const wake = () => this.#loop.wake();
    signal.addEventListener('abort', wake, { once: true });
    if (request.maxTokens === 0) generation.end('length');
    else this.#loop.submit(generation);
    try {
      yield* generation.events;
    } finally {
      signal.removeEventListener('abort', wake);
      generation.leave();
      wake();
    }
  }

  async embed(inputs: readonly (readonly number[])[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    if (this.#embedder === undefined)
      throw new EngineError('NotSupported', 'This server was started without embeddings.', {
        remedy: 'Start it with embeddings enabled.',
      });
    for (const input of inputs) this.#checkTokens(input);
    return await this.#embedder.embed(inputs, signal);
  }

  stats(): EngineStats {
    return { running: this.#loop.running, waiting: this.#loop.waiting, ...this.#totals };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#loop.close();
    await this.#embedder?.close();
    await this.#loaded.llama.dispose();
  }

  #check(request: GenerateRequest): void {
    this.#checkTokens(request.prompt);
    const length = request.prompt.length + request.maxTokens;
    if (length > this.info.contextLength)
      throw new EngineError(
        'Internal',
        `The prompt's ${request.prompt.length} tokens and ${request.maxTokens} new ones exceed the context of ${this.info.contextLength}.`,
      );
    if (request.adapter !== undefined && !this.info.adapters.includes(request.adapter))
      throw new EngineError('NotSupported', `There is no adapter named ${request.adapter}.`, {
        remedy: `Use one of: ${this.info.adapters.join(', ') || '(this server has none)'}.`,
      });
  }

  /** llama.cpp reads past its tables when a token id is out of range. */
  #checkTokens(tokens: readonly number[]): void {
    if (tokens.length === 0) throw new EngineError('Internal', 'The prompt holds no token.');
    const bad = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= this.info.vocabularySize);
    if (bad !== undefined)
      throw new EngineError('Internal', `Token ${bad} is not in the vocabulary of ${this.info.vocabularySize}.`);
  }

  #count(ended: Generation): void {
    this.#totals.promptTokens += ended.request.prompt.length;
    this.#totals.cachedTokens += ended.cachedTokens;
    this.#totals.completionTokens += ended.completionTokens;
  }

  #endOfTextTokens(): readonly number[] {
    this.#endOfText ??= Array.from({ length: this.info.vocabularySize }, (_, token) => token).filter((token) =>
      this.#model.isEogToken(token as Token),
    );
    return this.#endOfText;
  }

  /** Applies the adapter of that name to what is computed next; '' stands for all of the command line. Throws EngineError `ModelFileInvalid`. */
  async useAdapter(name: string): Promise<void> {
    const adapters = (this.#options.adapters ?? []).filter((adapter) => name === '' || adapter.name === name);
    try {
      await this.#native.setLoras(adapters.map(({ path, strength }) => ({ filePath: path, scale: strength })));
    } catch (error) {
      const names = adapters.map((adapter) => adapter.name).join(', ');
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError('ModelFileInvalid', `llama.cpp cannot apply the adapter ${names}: ${reason}`, {
        remedy: 'Use a GGUF LoRA adapter made for this model.',
        cause: error,
      });
    }
  }
}
