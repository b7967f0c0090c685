import type { LlamaModel } from 'node-llama-cpp';
import type { FinishReason, GenerateEvent, GenerateRequest, TokenLogprob } from '../engine.ts';
import { EventQueue } from './event-queue.ts';
import type { AnswerSampler } from './sampling.ts';
import { StopMatcher } from './stop-matcher.ts';
import { TokenText } from './token-text.ts';

type TokenEvent = Extract<GenerateEvent, { type: 'token' }>;

/** One request from its arrival to its end: what is to be computed next, and what the consumer has been told. */
export class Generation {
  readonly request: GenerateRequest;
  readonly adapter: string;
  readonly events = new EventQueue<GenerateEvent>();
  readonly #signal: AbortSignal;
  readonly #createSampler: () => AnswerSampler;
  readonly #onEnd: (generation: Generation) => void;
  readonly #text: TokenText;
  readonly #stop: StopMatcher;
  /** Tokens whose text may still become a stop string. */
  #held: TokenEvent[] = [];
  #sampler: AnswerSampler | undefined;
  #left = false;
  #ended = false;
  /** Prompt tokens found in the cache. */
  cachedTokens = 0;
  completionTokens = 0;
  /** Prompt tokens not yet computed, or the token to continue with. */
  pending: readonly number[];

  constructor(
    request: GenerateRequest,
    adapter: string,
    signal: AbortSignal,
    model: LlamaModel,
    createSampler: () => AnswerSampler,
    onEnd: (generation: Generation) => void,
  ) {
    this.request = request;
    this.adapter = adapter;
    this.#signal = signal;
    this.#createSampler = createSampler;
    this.#onEnd = onEnd;
    this.#text = new TokenText(model, request.prompt.at(-1)!);
    this.#stop = new StopMatcher(request.stop);
    this.pending = request.prompt;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether nobody wants the rest. */
  get abandoned(): boolean {
    return this.#left || this.#signal.aborted;
  }

  /** Whether the prompt is computed. */
  get answering(): boolean {
    return this.completionTokens > 0;
  }

  /** New tokens that may still come. */
  get remaining(): number {
    return this.request.maxTokens - this.completionTokens;
  }

  /** Made when the first token is due. */
  get sampler(): AnswerSampler {
    this.#sampler ??= this.#createSampler();
    return this.#sampler;
  }

  /** The consumer has left the iteration. */
  leave(): void {
    this.#left = true;
  }

  /** Takes the next token (not an end-of-text one that counts) and tells the consumer; ends the generation where it must end. */
  accept(token: number, logprobs?: { chosen: TokenLogprob; alternatives: readonly TokenLogprob[] }): void {
    this.sampler.accept(token);
    this.completionTokens++;
    this.pending = [token];
    const { text, stopped } = this.#stop.push(this.#text.push(token));
    const event: TokenEvent = {
      type: 'token',
      tokenId: token,
      text,
      ...(logprobs && { logprob: logprobs.chosen, alternatives: logprobs.alternatives }),
    };
    if (stopped) {
      this.#release(event);
      this.end('stop');
    } else if (this.remaining <= 0) {
      this.#release({ ...event, text: text + this.#stop.flush() });
      this.end('length');
    } else if (this.#stop.holding) this.#held.push(event);
    else this.#release(event);
  }

  /** Tells the consumer the rest and the end; the second call does nothing. */
  end(finishReason: FinishReason): void {
    if (this.#ended) return;
    const last = this.#held.pop();
    if (last) this.#release({ ...last, text: last.text + this.#stop.flush() });
    this.events.push({
      type: 'end',
      finishReason,
      promptTokens: this.request.prompt.length,
      cachedTokens: this.cachedTokens,
      completionTokens: this.completionTokens,
    });
    this.#finish(undefined);
  }

  /** Ends the consumer's iteration with `error`. */
  fail(error: unknown): void {
    if (!this.#ended) this.#finish(error);
  }

  #release(event: TokenEvent): void {
    for (const held of this.#held.splice(0)) this.events.push(held);
    this.events.push(event);
  }

  #finish(error: unknown): void {
    this.#ended = true;
    this.#sampler?.dispose();
    this.#onEnd(this);
    this.events.end(error);
  }
}
