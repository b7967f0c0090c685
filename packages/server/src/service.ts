import type { Engine } from './engine/engine.ts';
import { Generations } from './generation/generations.ts';
import type { GenerationLimits, GenerationObserver } from './generation/generations.ts';
import { HttpError } from './http/errors.ts';
import type { ReadinessState } from './lifecycle/events.ts';

export type ApiFlavour = 'text-generation' | 'llama-completion' | 'llama-chat';
export type ChatTemplateUse = 'auto' | 'always' | 'never';

export interface ServiceOptions {
  readonly modelId: string;
  readonly api: ApiFlavour;
  readonly chatTemplate: ChatTemplateUse;
  /** New tokens per answer at most; absent: what the context holds. */
  readonly maxTokens?: number;
  readonly maxBodyBytes: number;
  /** A client that takes nothing for so long is cut off; ms. */
  readonly stallMs: number;
  readonly generation: GenerationLimits;
}

/** A loaded engine and the admission to it. */
export interface Serving {
  readonly engine: Engine;
  readonly generations: Generations;
}

/** Time, passed in. */
export interface Clock {
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Milliseconds since 1970. */
  epoch(): number;
}

/** What the routes share: the options, and the engine once it is there. */
export class Service {
  readonly options: ServiceOptions;
  readonly clock: Clock;
  /** Told of an error that is the server's own fault. */
  readonly internalError: (error: unknown) => void;
  readonly #observer: GenerationObserver;
  #serving: Serving | undefined;
  #draining = false;

  constructor(
    options: ServiceOptions,
    observer: GenerationObserver,
    clock: Clock,
    internalError: (error: unknown) => void,
  ) {
    this.options = options;
    this.#observer = observer;
    this.clock = clock;
    this.internalError = internalError;
  }

  get state(): ReadinessState {
    if (this.#draining) return 'draining';
    return this.#serving === undefined ? 'loading' : 'ready';
  }

  /** The engine, whatever the state, for metrics and shutdown. */
  get loaded(): Serving | undefined {
    return this.#serving;
  }

  ready(engine: Engine): void {
    const now = () => this.clock.monotonic();
    this.#serving = { engine, generations: new Generations(engine, this.options.generation, this.#observer, now) };
  }

  drain(): void {
    this.#draining = true;
  }

  /** The engine for new work. Throws 503 while the model loads and once the server drains. */
  serving(): Serving {
    if (this.#draining) {
      throw new HttpError(503, 'The server is shutting down.', {
        code: 'server_draining',
        retryAfter: 5,
        headers: { Connection: 'close' },
      });
    }
    if (this.#serving === undefined) {
      throw new HttpError(503, 'The model is still loading.', { code: 'model_loading', retryAfter: 2 });
    }
    return this.#serving;
  }
}
