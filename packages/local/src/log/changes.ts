import { watch } from 'node:fs';

/**
 * Wakes whenever something in a directory may have changed: at once where the system tells (inotify, FSEvents), else every
 * `pollMs`. Yields once at the start. Ends when the signal is aborted; never throws for a directory that vanishes.
 */
export async function* changesIn(directory: string, pollMs: number, signal: AbortSignal): AsyncGenerator<void> {
  let wake: (() => void) | undefined;
  let changed = true;
  const notice = (): void => {
    changed = true;
    wake?.();
  };
  let watcher: ReturnType<typeof watch> | undefined;
  const rewatch = (): void => {
    if (watcher !== undefined) return;
    try {
      watcher = watch(directory, { persistent: false }, notice);
      watcher.on('error', () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      watcher = undefined;
    }
  };
  const timer = setInterval(() => {
    rewatch();
    notice();
  }, pollMs);
  const stop = (): void => wake?.();
  signal.addEventListener('abort', stop, { once: true });
  rewatch();
  try {
    while (!signal.aborted) {
      if (changed) {
        changed = false;
        yield;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signal.aborted) resolve();
      });
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
    watcher?.close();
  }
}
