import { spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessExit } from '@kaito/diagnosis';
import { changesIn } from '../log/changes.ts';
import { rotateLog } from '../log/rotate.ts';
import { LineReader } from '../log/tail.ts';
import { type ProcessIdentity, identify, isAlive, sendSignal } from '../process/identity.ts';
import { markerVariable } from '../process/marked.ts';
import { type ServerEvent, parseServerEvent } from './server-events.ts';

/** A running server. */
export interface ServerProcess {
  readonly identity: ProcessIdentity;
  /** Resolves when it is gone, after its last event was delivered; never rejects. */
  readonly exited: Promise<ProcessExit>;
  signal(signal: NodeJS.Signals): void;
}

export interface ServerStart {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Value of the marker variable by which it is found again. */
  readonly marker: string;
}

/** Starts servers and takes over running ones; replaced in tests. */
export interface ServerLauncher {
  /** @throws an Error when the program cannot be started. */
  start(start: ServerStart, onEvent: (event: ServerEvent) => void): Promise<ServerProcess>;
  /** Follows a server that runs already; when it is ready, that event has been delivered before this resolves. */
  adopt(
    identity: ProcessIdentity,
    endpoint: string,
    logFile: string,
    onEvent: (event: ServerEvent) => void,
  ): Promise<ServerProcess>;
}

const keptLines = 20;

/** Reads the log as it grows until `stop`, delivers the events in it, keeps the last other lines, and cuts it when it is too long. */
class LogWatch {
  readonly lastLines: string[] = [];
  readonly #controller = new AbortController();
  readonly #reader: LineReader;
  readonly #onEvent: (event: ServerEvent) => void;
  readonly #done: Promise<void>;

  constructor(logFile: string, offset: number, onEvent: (event: ServerEvent) => void) {
    this.#reader = new LineReader(logFile, offset);
    this.#onEvent = onEvent;
    this.#done = this.#follow(logFile);
  }

  async #follow(logFile: string): Promise<void> {
    for await (const _ of changesIn(dirname(logFile), 500, this.#controller.signal)) {
      try {
        await this.#take();
        await rotateLog(logFile);
      } catch {
        // The log may be unreadable for a moment (no descriptors, no space); the next change tries again.
      }
    }
  }

  async #take(): Promise<void> {
    for (const line of await this.#reader.read()) {
      const event = parseServerEvent(line);
      if (event !== undefined) this.#onEvent(event);
      else if (line.trim() !== '') this.lastLines.push(line);
    }
    this.lastLines.splice(0, this.lastLines.length - keptLines);
  }

  async stop(): Promise<readonly string[]> {
    this.#controller.abort();
    await this.#done;
    await this.#take().catch(() => {});
    return this.lastLines;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** Real processes. Their output goes straight into the log file, so that they outlive a killed supervisor. */
export const realLauncher: ServerLauncher = {
  start: async (start, onEvent) => {
    const [program, ...flags] = start.command;
    if (program === undefined) throw new Error('the server has no command line');
    const offset = await sizeOf(start.logFile);
    const log = await open(start.logFile, 'a', 0o600);
    let watch: LogWatch | undefined;
    try {
      const child = spawn(program, flags, {
        stdio: ['ignore', log.fd, log.fd],
        // One allocation arena of glibc saves about 20 MB: the engine's threads allocate little.
        env: { MALLOC_ARENA_MAX: '1', ...process.env, ...start.environment, [markerVariable]: start.marker },
      });
      const ended = new Promise<Pick<ProcessExit, 'code' | 'signal'>>((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal }));
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      const pid = child.pid ?? 0;
      watch = new LogWatch(start.logFile, offset, onEvent);
      const following = watch;
      return {
        identity: identify(pid) ?? { pid, start: 'ended' },
        exited: ended.then(async (end) => ({
          ...end,
          at: new Date().toISOString(),
          lastLines: await following.stop(),
        })),
        signal: (signal) => void child.kill(signal),
      };
    } finally {
      await log.close();
    }
  },

  adopt: async (identity, endpoint, logFile, onEvent) => {
    const watch = new LogWatch(logFile, await sizeOf(logFile), onEvent);
    const isReady = async (): Promise<boolean> => {
      if (!(await answersHealthy(endpoint))) return false;
      onEvent({ event: 'readiness', state: 'ready' });
      return true;
    };
    let ready = await isReady();
    const follow = async (): Promise<ProcessExit> => {
      while (isAlive(identity)) {
        ready ||= await isReady();
        await delay(250);
      }
      return { code: null, signal: null, at: new Date().toISOString(), lastLines: await watch.stop() };
    };
    return { identity, exited: follow(), signal: (signal) => void sendSignal(identity, signal) };
  },
};

/** True when `GET /healthz` answers 200 within 2 s. */
async function answersHealthy(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/healthz', endpoint), { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
