import type { ServerResponse } from 'node:http';

/**
 * Server-sent events on a raw response. What the client has not taken is bounded by the socket's buffer: `send` waits for it to drain, and a client that
 * takes nothing for `stallMs` is cut off, so that it cannot hold a place in the engine.
 */
export class EventStream {
  readonly #outgoing: ServerResponse;
  readonly #stallMs: number;

  constructor(outgoing: ServerResponse, stallMs: number) {
    this.#outgoing = outgoing;
    this.#stallMs = stallMs;
  }

  get opened(): boolean {
    return this.#outgoing.headersSent;
  }

  /** Sends the head of the response. */
  open(): void {
    this.#outgoing.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache',
      'X-Accel-Buffering': 'no',
    });
  }

  /** Sends one event, or `[DONE]`. Resolves once the client may be given more, or has gone. */
  async send(data: string): Promise<void> {
    const outgoing = this.#outgoing;
    if (outgoing.destroyed || outgoing.writableEnded) return;
    if (outgoing.write(`data: ${data}\n\n`)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => outgoing.destroy(), this.#stallMs);
      const done = () => {
        clearTimeout(timer);
        outgoing.off('drain', done).off('close', done);
        resolve();
      };
      outgoing.on('drain', done).on('close', done);
    });
  }

  end(): void {
    this.#outgoing.end();
  }
}
