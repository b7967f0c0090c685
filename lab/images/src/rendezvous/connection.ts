import type { Socket } from 'node:net';
import { type Message, longestLine, parseMessage } from './messages.ts';

/** How a silent end is told from a slow one, in ms. */
export interface Heartbeat {
  /** Between two signs of life. */
  readonly everyMs: number;
  /** Without any, the other end counts as gone. */
  readonly goneMs: number;
}

/** PyTorch's own: an interval of 5 s, three of which may be missed (`RendezvousSettings`). */
export const torchHeartbeat: Heartbeat = { everyMs: 5000, goneMs: 15_000 };

export interface ConnectionEvents {
  readonly onMessage: (message: Message) => void;
  /** Once: the other end is gone, with the reason in words. */
  readonly onGone: (reason: string) => void;
}

/** One end of a connection between two ranks. It notices where the other's machine dies without a word. */
export class Connection {
  readonly #socket: Socket;
  readonly #beat: NodeJS.Timeout;
  readonly #silence: NodeJS.Timeout;
  readonly #events: ConnectionEvents;
  #received = '';
  #over = false;

  constructor(socket: Socket, heartbeat: Heartbeat, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.once('error', (error) => this.fail(error.message));
    socket.once('close', () => this.fail('the connection was closed'));
    this.#silence = setTimeout(() => this.fail(`no sign of life for ${heartbeat.goneMs} ms`), heartbeat.goneMs);
    this.#beat = setInterval(() => this.send({ type: 'alive' }), heartbeat.everyMs);
  }

  send(message: Message): void {
    if (!this.#over) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Ends the connection after what was sent; `onGone` is not called. */
  close(): void {
    if (this.#over) return;
    this.#finish();
    this.#socket.destroySoon();
  }

  /** Gives the other end up, for a reason that `onGone` is told. */
  fail(reason: string): void {
    if (this.#over) return;
    this.#finish();
    this.#socket.destroy();
    this.#events.onGone(reason);
  }

  #take(text: string): void {
    if (!this.#over) this.#silence.refresh();
    const lines = (this.#received + text).split('\n');
    this.#received = lines.pop()!;
    for (const line of lines) {
      if (this.#over) return;
      const message = parseMessage(line);
      if (message === undefined) return this.fail('it speaks another protocol');
      if (message.type !== 'alive') this.#events.onMessage(message);
    }
    if (this.#received.length > longestLine) this.fail('it speaks another protocol');
  }

  #finish(): void {
    this.#over = true;
    clearInterval(this.#beat);
    clearTimeout(this.#silence);
  }
}
