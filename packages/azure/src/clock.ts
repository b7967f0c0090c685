/** Time, passed in so that a test can hold it still. */
export interface Clock {
  now(): Date;
  /** Monotonic milliseconds, for durations. */
  monotonic(): number;
  /** Calls back after `ms` milliseconds; the returned function cancels it. Does not keep the process alive where `unref` says so. */
  after(ms: number, callback: () => void, options?: { readonly unref?: boolean }): () => void;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after(ms, callback, options) {
    // setTimeout wraps around above 2^31-1 ms and would fire at once.
    const timer = setTimeout(callback, Math.min(ms, 2_147_483_647));
    if (options?.unref === true) timer.unref();
    return () => clearTimeout(timer);
  },
};
