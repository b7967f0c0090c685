import { createInterface } from 'node:readline';

/** Lines that a person types. */
export interface Prompts {
  /** The next line; undefined after the last. Rejects when the signal aborts, and takes no line then. */
  next(signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

export function readPrompts(input: NodeJS.ReadableStream): Prompts {
  const reader = createInterface({ input, terminal: false });
  // The lines that have come, then the end.
  const lines: (string | undefined)[] = [];
  let waiting: (() => void) | undefined;
  reader.on('line', (line) => {
    lines.push(line);
    waiting?.();
  });
  reader.once('close', () => {
    lines.push(undefined);
    waiting?.();
  });
  return {
    async next(signal) {
      signal.throwIfAborted();
      if (lines.length === 0) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const aborted = (): void => reject(signal.reason);
        signal.addEventListener('abort', aborted, { once: true });
        waiting = resolve;
        await promise.finally(() => {
          waiting = undefined;
          signal.removeEventListener('abort', aborted);
        });
      }
      return lines[0] === undefined ? undefined : lines.shift();
    },
    close: () => reader.close(),
  };
}
