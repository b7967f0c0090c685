import type { Logger } from '../logger.ts';
import type { Runnable } from './runnable.ts';

/** A runnable ended by itself with an error. */
export class RunnableError extends Error {
  override readonly name = 'RunnableError';
  constructor(runnable: string, cause: unknown) {
    super(`${runnable} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Runnables that start and stop together. */
export class Group {
  readonly #logger: Logger;
  readonly #fail: (error: RunnableError) => void;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();

  /** `fail` is told of the first error of each runnable; the group goes on. */
  constructor(logger: Logger, fail: (error: RunnableError) => void) {
    this.#logger = logger;
    this.#fail = fail;
  }

  /** Starts them all at once and resolves when all are of use; rejects with the signal's reason when it aborts before. */
  async start(runnables: readonly Runnable[], signal: AbortSignal): Promise<void> {
    for (const runnable of runnables) this.#running.set(runnable.name, this.#run(runnable));
    await Promise.all(
      runnables.map(async (runnable) => {
        try {
          await runnable.ready?.(signal);
        } catch (error) {
          if (!signal.aborted) this.#fail(new RunnableError(runnable.name, error));
        }
      }),
    );
    signal.throwIfAborted();
  }

  /** Names of those that still run. */
  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Tells them to stop; resolves when all have. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await Promise.all(this.#running.values());
  }

  async #run(runnable: Runnable): Promise<void> {
    try {
      await runnable.run(this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted)
        this.#logger.log('warn', 'did not stop cleanly', { runnable: runnable.name, error });
      else this.#fail(new RunnableError(runnable.name, error));
    } finally {
      this.#running.delete(runnable.name);
    }
  }
}
