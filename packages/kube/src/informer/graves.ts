import type { Clock } from '../clock.ts';
import { isNewer } from './resource-version.ts';

interface Grave {
  /** Up to this resourceVersion nothing of that UID is believed; undefined: never again. */
  readonly until: string | undefined;
  readonly dugAt: number;
}

/** How long a late event may be late. A watch that lags further behind has been answered 410 (etcd keeps five minutes of history). */
const keepMs = 10 * 60_000;
const keepAtMost = 16_384;

/** UIDs of objects that have left the cache, so that a late event or an old list does not bring them back. */
export class Graves {
  readonly #clock: Clock;
  readonly #graves = new Map<string, Grave>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `until`: the resourceVersion at which it left; objects that only ceased to match a selector may come back newer. */
  bury(uid: string | undefined, until: string | undefined): void {
    if (uid === undefined) return;
    const existing = this.#graves.get(uid);
    if (existing !== undefined && existing.until === undefined) return;
    const now = this.#clock.monotonic();
    this.#graves.delete(uid);
    this.#graves.set(uid, { until, dugAt: now });
    for (const [oldest, { dugAt }] of this.#graves) {
      if (this.#graves.size <= keepAtMost && now - dugAt <= keepMs) break;
      this.#graves.delete(oldest);
    }
  }

  /** Whether an object of this UID and resourceVersion is from before its end. */
  holds(uid: string | undefined, resourceVersion: string | undefined): boolean {
    const grave = uid === undefined ? undefined : this.#graves.get(uid);
    if (grave === undefined) return false;
    return grave.until === undefined || !isNewer(resourceVersion, grave.until);
  }
}
