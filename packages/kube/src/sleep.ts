import type { Clock } from './clock.ts';

/** Resolves after `ms`, or as soon as the signal aborts. Never rejects; does not keep the process alive. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done, { unref: true });
    signal.addEventListener('abort', done, { once: true });
  });
}
