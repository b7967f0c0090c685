import { EngineError } from '../engine.ts';
import type { Generation } from './generation.ts';
import { readLogprobs } from './logprobs.ts';
import type { Native, NativeSampler } from './native.ts';
import type { TokenBytes } from './token-bytes.ts';
import { closeGap, createSlots, place, type Slot } from './slot-pool.ts';

type Place = Slot<Generation>;

export interface StepLoopOptions {
  /** Sequences of the context. */
  readonly parallel: number;
  /** Tokens of one pass at most. */
  readonly batchSize: number;
  /** Prompt tokens of one pass while others wait for their next token, and while none does: a pass cannot be interrupted. */
  readonly promptChunk: { readonly shared: number; readonly alone: number };
  readonly isEndOfText: (token: number) => boolean;
  readonly tokenBytes: () => Promise<TokenBytes>;
  /** Applies the adapters that a name stands for. */
  readonly useAdapter: (adapter: string) => Promise<void>;
}

/** Cached tokens worth a copy from another sequence: a copy moves a whole sequence's memory, which costs as much as some tokens. */
const copyGain = 32;
/** Tokens that must still come for a move into a gap to pay. */
const moveGain = 16;

/**
 * Generates for all requests at once. In one step every request in progress adds its next token, or the next part of its prompt, to one
 * batch in the order of sequence ids, the batch is decoded, and each request draws its token. Requests join, leave and move between
 * steps; those without a place wait in order of arrival.
 */
export class StepLoop {
  readonly #native: Native;
  readonly #options: StepLoopOptions;
  readonly #slots: Place[];
  readonly #probe: NativeSampler;
  #waiting: Generation[] = [];
  #running: Promise<void> | undefined;
  #tick = 0;
  #adapter = '';

  constructor(native: Native, options: StepLoopOptions) {
    this.#native = native;
    this.#options = options;
    this.#slots = createSlots(options.parallel);
    this.#probe = native.createSampler();
    this.#probe.applyConfig({ temperature: 0, seed: 0 });
  }

  get running(): number {
    return this.#slots.filter((slot) => slot.job !== undefined).length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  submit(generation: Generation): void {
    this.#waiting.push(generation);
    this.wake();
  }

  /** Looks again at who waits and who has left. */
  wake(): void {
    this.#dropWaiting();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#waiting.length > 0) this.wake();
    });
  }

  /** Ends every request as aborted and waits until nothing is being computed. */
  async close(): Promise<void> {
    for (const generation of this.#waiting.splice(0)) generation.end('aborted');
    for (const slot of this.#slots) slot.job?.end('aborted');
    await this.#running;
    this.#probe.dispose();
  }

  async #run(): Promise<void> {
    // Requests that arrive in the same turn of the event loop share the first step.
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (;;) {
      this.#dropWaiting();
      for (const slot of this.#slots) {
        if (slot.job?.abandoned) slot.job.end('aborted');
        if (slot.job?.ended) slot.job = undefined;
      }
      try {
        await this.#admit();
        await this.#closeGaps();
        const adapters = new Set(this.#slots.flatMap((slot) => slot.job?.adapter ?? []));
        if (adapters.size === 0) return;
        for (const adapter of adapters) await this.#step(adapter);
      } catch (error) {
        this.#failAll(error);
      }
    }
  }

  #dropWaiting(): void {
    this.#waiting = this.#waiting.filter((generation) => {
      if (generation.abandoned) generation.end('aborted');
      return !generation.ended;
    });
  }

  async #admit(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { prompt } = this.#waiting[0]!.request;
      const placement = place(this.#slots, prompt, this.#waiting[0]!.adapter, copyGain);
      if (placement === undefined) return;
      const generation = this.#waiting.shift()!;
      const { slot, source } = placement;
      slot.job = generation;
      slot.lastUsed = ++this.#tick;
      if (source !== slot) await this.#copy(source, slot);
      // One token has to be computed to draw the next.
      this.#keep(slot, Math.min(placement.shared, prompt.length - 1));
      slot.adapter = generation.adapter;
      generation.cachedTokens = slot.tokens.length;
      generation.pending = prompt.slice(slot.tokens.length);
    }
  }

  async #closeGaps(): Promise<void> {
    for (;;) {
      const move = closeGap(this.#slots, (generation) => generation.remaining, moveGain);
      if (move === undefined) return;
      await this.#copy(move.from, move.to);
      move.to.job = move.from.job;
      move.to.lastUsed = ++this.#tick;
      move.from.job = undefined;
    }
  }

  async #copy(source: Place, target: Place): Promise<void> {
    target.tokens = [];
    this.#native.context.disposeSequence(target.id);
    await this.#native.context.copySequenceStateFromOtherSequence(target.id, source.id);
    target.tokens = [...source.tokens];
    target.adapter = source.adapter;
  }

  /** Forgets what a slot's cache holds beyond `length` tokens; all of it where the kind of model cannot do less. */
  #keep(slot: Place, length: number): void {
    const { context } = this.#native;
    if (length >= slot.tokens.length) return;
    const partly =
      length > 0 &&
      context.getSequenceKvCacheMinPosition(slot.id) < length &&
      context.removeTokenCellsFromSequence(slot.id, length, slot.tokens.length);
    if (!partly) context.disposeSequence(slot.id);
    slot.tokens.length = partly ? length : 0;
  }

  /** One batch for the requests that use `adapter`. */
  async #step(adapter: string): Promise<void> {
    if (adapter !== this.#adapter) {
      await this.#options.useAdapter(adapter);
      this.#adapter = adapter;
    }
    const { context } = this.#native;
    const parts = this.#parts(adapter);
    if (parts.length === 0) return;
    context.initBatch(parts.reduce((sum, part) => sum + part.tokens.length, 0));
    const due: { slot: Place; index: number }[] = [];
    for (const { slot, tokens } of parts) {
      const complete = tokens.length === slot.job!.pending.length;
      const logits = complete ? Uint32Array.of(tokens.length - 1) : new Uint32Array();
      const [index] = context.addToBatch(slot.id, slot.tokens.length, Uint32Array.from(tokens), logits);
      if (index !== undefined) due.push({ slot, index });
    }
    await context.decodeBatch();
    for (const { slot, tokens } of parts) {
      slot.tokens.push(...tokens);
      slot.lastUsed = ++this.#tick;
      slot.job!.pending = slot.job!.pending.slice(tokens.length);
    }
    await Promise.all(due.map(({ slot, index }) => this.#draw(slot.job!, index)));
  }

  /** What each request adds to the next batch, in ascending order of ids. Prompts share what single tokens leave, the oldest first. */
  #parts(adapter: string): { slot: Place; tokens: readonly number[] }[] {
    const active = this.#slots.filter(
      (slot) => slot.job !== undefined && !slot.job.ended && slot.job.adapter === adapter,
    );
    const answering = active.filter((slot) => slot.job!.answering);
    const { promptChunk, batchSize } = this.#options;
    const chunk = answering.length > 0 ? promptChunk.shared : promptChunk.alone;
    let room = Math.min(chunk, batchSize - answering.length);
    const sizes = new Map(answering.map((slot) => [slot, 1]));
    for (const slot of active.filter((slot) => !slot.job!.answering).toSorted((a, b) => a.lastUsed - b.lastUsed)) {
      const size = Math.min(room, slot.job!.pending.length);
      room -= size;
      if (size > 0) sizes.set(slot, size);
    }
    return active
      .filter((slot) => sizes.has(slot))
      .map((slot) => ({ slot, tokens: slot.job!.pending.slice(0, sizes.get(slot)) }));
  }

  async #draw(generation: Generation, index: number): Promise<void> {
    if (generation.ended) return;
    try {
      const token = await this.#native.context.sampleToken(index, generation.sampler.prepare());
      if (generation.ended) return;
      if (token < 0) {
        if (generation.request.constraint === undefined)
          throw new EngineError('Internal', 'The model produced no usable probabilities for the next token.');
        return generation.end('stop');
      }
      if (this.#options.isEndOfText(token)) return generation.end('stop');
      const { logprobs } = generation.request;
      generation.accept(
        token,
        logprobs === undefined
          ? undefined
          : await readLogprobs(
              this.#native.context,
              this.#probe,
              index,
              token,
              logprobs,
              await this.#options.tokenBytes(),
            ),
      );
    } catch (error) {
      generation.fail(asEngineError(error));
    }
  }

  /** A failed batch leaves the caches in an unknown state: nothing of them is used again. */
  #failAll(error: unknown): void {
    for (const slot of this.#slots) {
      slot.job?.fail(asEngineError(error));
      slot.job = undefined;
      slot.tokens = [];
      this.#native.context.disposeSequence(slot.id);
    }
  }
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError('Internal', `The engine failed while generating: ${reason}`, { cause: error });
}
