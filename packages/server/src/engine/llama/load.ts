import {
  getLlama,
  type Llama,
  type LlamaContext,
  LlamaLogLevel,
  type LlamaModel,
  NoBinaryFoundError,
} from 'node-llama-cpp';
import { EngineError } from '../engine.ts';
import { checkGgufFile } from './gguf-file.ts';
import type { LlamaEngineOptions } from './engine.ts';
import { checkMemory } from './memory.ts';

/** A model in memory, with one context for all requests. */
export interface LoadedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabularySize: number;
  /** Tokens per request. */
  readonly contextLength: number;
  readonly batchSize: number;
}

/** Context length where none is asked for, tokens: enough for a conversation, and small enough for a laptop's memory at several requests. */
const defaultContextLength = 4096;

/**
 * Loads the model file and makes the context. Nothing is built or downloaded. Throws EngineError `ModelFileMissing`, `ModelFileInvalid`,
 * `OutOfMemory` or `NotSupported`; rethrows the signal's reason.
 */
export async function loadModel(options: LlamaEngineOptions): Promise<LoadedModel> {
  const { signal, parallel } = options;
  const vocabularySize = await checkGgufFile(options.modelPath);
  for (const adapter of options.adapters ?? []) await checkGgufFile(adapter.path);
  signal?.throwIfAborted();
  const available = process.availableMemory();
  const llama = await startLlama(options);
  try {
    const model = await attempt(options, 'ModelFileInvalid', `llama.cpp cannot load ${options.modelPath}`, async () =>
      llama.loadModel({
        modelPath: options.modelPath,
        gpuLayers: llama.gpu === false ? 0 : options.gpuLayers,
        ...(signal && { loadSignal: signal }),
      }),
    );
    const trained = model.trainContextSize;
    const contextLength = options.contextLength ?? Math.min(trained, defaultContextLength);
    const batchSize = Math.max(parallel, Math.min(512, contextLength));
    if (llama.gpu === false) await checkMemory(model, { contextLength, parallel, batchSize }, available);
    const context = await attempt(
      options,
      'OutOfMemory',
      `There is no memory for ${parallel} sequences of ${contextLength} tokens`,
      async () =>
        model.createContext({
          sequences: parallel,
          contextSize: contextLength,
          batchSize,
          threads: options.threads,
          failedCreationRemedy: false,
          ...(signal && { createSignal: signal }),
        }),
    );
    return { llama, model, context, vocabularySize, contextLength, batchSize };
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

async function startLlama({ gpuLayers, threads }: LlamaEngineOptions): Promise<Llama> {
  try {
    return await getLlama({
      build: 'never',
      skipDownload: true,
      gpu: gpuLayers === 0 ? false : 'auto',
      logLevel: LlamaLogLevel.error,
      logger: () => {},
      progressLogs: false,
      maxThreads: threads,
    });
  } catch (error) {
    if (!(error instanceof NoBinaryFoundError)) throw error;
    throw new EngineError(
      'NotSupported',
      'There is no llama.cpp build for this machine among the installed packages.',
      {
        remedy: 'Install the @node-llama-cpp package for this platform.',
        cause: error,
      },
    );
  }
}

/** Runs one step of the load and names its failure; memory failures are told apart by what llama.cpp says. */
async function attempt<T>(
  options: LlamaEngineOptions,
  code: 'ModelFileInvalid' | 'OutOfMemory',
  what: string,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    const memory = /memory|alloc/i.test(reason) || (error instanceof Error && error.name === 'InsufficientMemoryError');
    throw new EngineError(memory ? 'OutOfMemory' : code, `${what}: ${reason}`, {
      remedy:
        memory || code === 'OutOfMemory'
          ? 'Use a shorter context, fewer parallel requests or a smaller quantisation.'
          : 'Check that llama.cpp supports the model architecture, and fetch the file again.',
      cause: error,
    });
  }
}
