import { type Server, type Socket, createServer } from 'node:net';
import type { Log } from '../launch/notice.ts';
import { Connection, type Heartbeat } from './connection.ts';
import type { Job } from './job.ts';
import type { Message } from './messages.ts';

export interface GatheringOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
}

/** A job whose ranks are all here. */
export interface Round {
  /** Resolves, with words for it, once one of them has gone. */
  readonly left: Promise<string>;
}

/** Where the ranks of a job meet; rank 0 keeps it. A rank that comes again takes the place that it had: its machine may have died unnoticed. */
export class Gathering {
  readonly #job: Job;
  readonly #options: GatheringOptions;
  readonly #server: Server;
  readonly #ranks = new Map<number, Connection>();
  /** Connections of which no rank is known yet. */
  readonly #strangers = new Set<Connection>();
  #joined = Promise.withResolvers<void>();
  #left = Promise.withResolvers<string>();

  private constructor(job: Job, options: GatheringOptions) {
    this.#job = job;
    this.#options = options;
    this.#server = createServer((socket) => this.#greet(socket));
  }

  /** Listens. Rejects with Node's error (`EADDRINUSE`, …). */
  static async open(job: Job, options: GatheringOptions): Promise<Gathering> {
    const gathering = new Gathering(job, options);
    await new Promise<void>((resolve, reject) => {
      gathering.#server.once('error', reject).listen(options.port, options.host, resolve);
    });
    return gathering;
  }

  /** Resolves when every other rank is here, and tells them to start. Rejects with the signal's reason. */
  async round(signal: AbortSignal): Promise<Round> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      while (this.missing().length > 0) await Promise.race([this.#joined.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
    this.#left = Promise.withResolvers();
    this.#tell({ type: 'start' });
    return { left: this.#left.promise };
  }

  /** Tells all that are here to serve no more; they stay for the next round. */
  stop(): void {
    this.#tell({ type: 'stop' });
  }

  close(): void {
    this.#server.close();
    for (const connection of [...this.#ranks.values(), ...this.#strangers]) connection.close();
  }

  /** Ranks that are not here. */
  missing(): readonly number[] {
    const others = Array.from({ length: this.#job.nodes - 1 }, (_, index) => index + 1);
    return others.filter((rank) => !this.#ranks.has(rank));
  }

  #tell(message: Message): void {
    for (const connection of this.#ranks.values()) connection.send(message);
  }

  #greet(socket: Socket): void {
    let joined: number | undefined;
    const connection: Connection = new Connection(socket, this.#options.heartbeat, {
      onMessage: (message) => {
        if (message.type !== 'join' || joined !== undefined) return connection.fail(`it sent ${message.type}`);
        const reason = this.#objection(message.rank, message.job);
        if (reason !== undefined) return this.#refuse(connection, reason);
        joined = message.rank;
        this.#strangers.delete(connection);
        this.#admit(joined, connection);
      },
      onGone: (reason) => {
        this.#strangers.delete(connection);
        if (joined !== undefined && this.#ranks.get(joined) === connection) this.#lose(joined, reason);
      },
    });
    this.#strangers.add(connection);
  }

  #objection(rank: number, job: Job): string | undefined {
    const { id, nodes, processes } = this.#job;
    if (job.id !== id) return `this is job ${id}, not ${job.id}`;
    if (job.nodes !== nodes || job.processes !== processes) {
      return `this job has ${nodes} nodes with ${processes} processes each, not ${job.nodes} with ${job.processes}`;
    }
    if (rank < 1 || rank >= nodes) return `there is no place for rank ${rank}`;
    return undefined;
  }

  #refuse(connection: Connection, reason: string): void {
    this.#options.log(`A rank was refused: ${reason}.`);
    this.#strangers.delete(connection);
    connection.send({ type: 'refuse', reason });
    connection.close();
  }

  #admit(rank: number, connection: Connection): void {
    const former = this.#ranks.get(rank);
    if (former !== undefined) {
      former.close();
      this.#lose(rank, 'it has come anew');
    }
    this.#ranks.set(rank, connection);
    this.#options.log(`Rank ${rank} has joined.`);
    this.#joined.resolve();
    this.#joined = Promise.withResolvers();
  }

  #lose(rank: number, reason: string): void {
    this.#ranks.delete(rank);
    this.#options.log(`Rank ${rank} has gone: ${reason}.`);
    this.#left.resolve(`rank ${rank} has gone`);
  }
}
