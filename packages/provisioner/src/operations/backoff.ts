import type { AzureError } from '@kaito/azure';
import type { Clock } from '@kaito/kube';

/** First and longest waits before what passes by itself soon is asked of Azure again, ms. Our choice. */
const soon = [2_000, 60_000] as const;

interface Entry {
  readonly failures: number;
  readonly dueAt: number;
}

/** When each claim may ask Azure again after a refusal; each wait is twice the last one. Forgotten at a restart, which then asks once. */
export class Backoff {
  readonly #clock: Clock;
  readonly #later: readonly [number, number];
  readonly #entries = new Map<string, Entry>();

  /** @param laterMs first wait for what comes right later, as by a person; the longest is ten times that */
  constructor(clock: Clock, laterMs: number) {
    this.#clock = clock;
    this.#later = [laterMs, laterMs * 10];
  }

  /** ms until the next try; undefined where nothing is waited for; 0: now. */
  dueIn(key: string): number | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : Math.max(0, entry.dueAt - this.#clock.monotonic());
  }

  /** Counts a failure. @returns ms until the next try, no less than Azure asked for */
  failed(key: string, how: Pick<AzureError, 'retry'> & Partial<Pick<AzureError, 'retryAfterMs'>>): number {
    const failures = (this.#entries.get(key)?.failures ?? 0) + 1;
    const [first, longest] = how.retry === 'soon' ? soon : this.#later;
    const ms = Math.max(how.retryAfterMs ?? 0, Math.min(longest, first * 2 ** Math.min(failures - 1, 10)));
    this.#entries.set(key, { failures, dueAt: this.#clock.monotonic() + ms });
    return ms;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
