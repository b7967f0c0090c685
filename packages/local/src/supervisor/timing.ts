/** How long a server may take to end before it is killed: its own drain timeout (30 s) and time to exit. ms. */
export const drainGraceMs = 35_000;

/** Status is written at most this often while only progress changes, ms. */
export const statusIntervalMs = 250;

/** A server that was ready for this long counts as healthy: the count of quick crashes begins anew, ms. */
export const healthyAfterMs = 60_000;

/** Quick crashes in a row after which the server is not started again. */
export const maxQuickCrashes = 5;

/** Delay before the n-th start after a crash (n from 1): 0.5 s doubled each time, 30 s at most. ms. */
export function restartDelayMs(crashes: number): number {
  return Math.min(30_000, 500 * 2 ** Math.max(0, crashes - 1));
}

/** Attempts at the weights when the failure may pass by itself. */
export const maxWeightsAttempts = 4;
