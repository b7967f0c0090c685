import type { ServerResponse } from 'node:http';
import type { Engine, GenerateEvent, GenerateRequest } from '../engine/engine.ts';
import { HttpError } from '../http/errors.ts';

export interface GenerationLimits {
  /** Requests that may wait for a place beyond those being generated. */
  readonly maxQueue: number;
  /** From the admission of a request to its last token; ms. */
  readonly requestTimeoutMs: number;
}

/** Told about every sequence of tokens as it is generated; times in ms. */
export interface GenerationObserver {
  firstToken(sinceAdmission: number): void;
  /** `duration`: first token to last. */
  ended(tokens: number, duration: number): void;
}

type Interruption = 'client' | 'timeout' | 'draining';

/** One HTTP request's hold on the engine. */
export interface Job {
  readonly signal: AbortSignal;
  /** Throws the HttpError that explains why the work was cut short. Call it after an `aborted` end. */
  interrupted(): never;
  generate(request: GenerateRequest): AsyncGenerator<GenerateEvent>;
  /** Must be called, whatever happened. */
  end(): void;
}

/**
 * Admission to the engine: at most `parallel` + `maxQueue` sequences at a time, the rest is told when to come back. Work ends when its client
 * goes away, when its time is over, or when the server stops.
 */
export class Generations {
  readonly #engine: Engine;
  readonly #limits: GenerationLimits;
  readonly #observer: GenerationObserver;
  readonly #now: () => number;
  readonly #jobs = new Set<(why: Interruption) => void>();
  #admitted = 0;
  /** Smoothed duration of a sequence; ms. */
  #usual = 1000;

  /** `now`: a monotonic clock in ms. */
  constructor(engine: Engine, limits: GenerationLimits, observer: GenerationObserver, now: () => number) {
    this.#engine = engine;
    this.#limits = limits;
    this.#observer = observer;
    this.#now = now;
  }

  /** Sequences admitted and not yet ended. */
  get admitted(): number {
    return this.#admitted;
  }

  /** Sequences that fit at all. */
  get capacity(): number {
    return this.#engine.info.parallel + this.#limits.maxQueue;
  }

  /** Takes `count` sequences on, for the client behind `outgoing`. Throws 429 with Retry-After when they do not fit now, 400 when they never will. */
  admit(count: number, outgoing: ServerResponse): Job {
    if (count > this.capacity) {
      throw new HttpError(
        400,
        `${count} answers were asked for at once; this server generates or queues ${this.capacity}.`,
        {
          code: 'too_many_answers',
        },
      );
    }
    if (this.#admitted + count > this.capacity) {
      throw new HttpError(429, 'The queue is full; try again later.', {
        code: 'queue_full',
        retryAfter: this.#retryAfter(),
      });
    }
    this.#admitted += count;
    return this.#job(count, outgoing);
  }

  /** Cuts all running work short; its clients are told. Returns how many requests that were. */
  interruptAll(): number {
    const count = this.#jobs.size;
    for (const interrupt of this.#jobs) interrupt('draining');
    return count;
  }

  /** Seconds until a place in the queue is likely: the sequences ahead, by the usual duration of one. */
  #retryAfter(): number {
    const rounds = Math.ceil((this.#admitted - this.#limits.maxQueue + 1) / this.#engine.info.parallel);
    return Math.min(60, Math.max(1, Math.ceil((Math.max(1, rounds) * this.#usual) / 1000)));
  }

  #job(count: number, outgoing: ServerResponse): Job {
    const began = this.#now();
    const controller = new AbortController();
    let why: Interruption | undefined;
    const interrupt = (reason: Interruption) => {
      why ??= reason;
      controller.abort();
    };
    const onClose = () => {
      if (!outgoing.writableFinished) interrupt('client');
    };
    const timer = setTimeout(interrupt, this.#limits.requestTimeoutMs, 'timeout');
    outgoing.once('close', onClose);
    if (outgoing.destroyed) interrupt('client');
    this.#jobs.add(interrupt);
    let ended = false;
    let running = 0;
    return {
      signal: controller.signal,
      interrupted: () => {
        throw interruption(why, this.#limits.requestTimeoutMs);
      },
      generate: (request) => {
        running += 1;
        return this.#observed(request, controller.signal, began, () => {
          running -= 1;
        });
      },
      end: () => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        outgoing.off('close', onClose);
        this.#jobs.delete(interrupt);
        this.#admitted -= count;
        if (running > 0) controller.abort();
      },
    };
  }

  async *#observed(
    request: GenerateRequest,
    signal: AbortSignal,
    began: number,
    onEnd: () => void,
  ): AsyncGenerator<GenerateEvent> {
    let tokens = 0;
    let first = 0;
    try {
      for await (const event of this.#engine.generate(request, signal)) {
        if (event.type === 'token') {
          if (tokens === 0) {
            first = this.#now();
            this.#observer.firstToken(first - began);
          }
          tokens += 1;
        }
        yield event;
      }
    } finally {
      onEnd();
      const now = this.#now();
      if (tokens > 0) this.#observer.ended(tokens, now - first);
      this.#usual += (now - began - this.#usual) * 0.1;
    }
  }
}

function interruption(why: Interruption | undefined, timeoutMs: number): HttpError {
  switch (why) {
    case 'timeout':
      return new HttpError(504, `The request took longer than the ${timeoutMs / 1000} s that this server gives it.`, {
        code: 'request_timeout',
      });
    case 'draining':
      return new HttpError(503, 'The server is shutting down.', { code: 'server_draining', retryAfter: 5 });
    default:
      return new HttpError(400, 'The client went away.', { code: 'client_gone' });
  }
}
