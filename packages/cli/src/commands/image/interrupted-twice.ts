import type { Session } from '../../session.ts';

/** How long what is under way may take to arrive after the first Ctrl-C, ms. */
const patienceMs = 10_000;

/**
 * The first Ctrl-C (or SIGTERM) ends a transfer `soon`, where it can be taken up again; a second one, or ten seconds, ends it `now`.
 * `release` gives Ctrl-C back.
 */
export function interruptedTwice(session: Session): {
  readonly soon: AbortSignal;
  readonly now: AbortSignal;
  readonly release: () => void;
} {
  const first = session.interruptible();
  const now = new AbortController();
  let release = () => first.release();
  first.signal.addEventListener('abort', () => {
    const second = session.interruptible();
    const timer = setTimeout(() => now.abort(), patienceMs);
    second.signal.addEventListener('abort', () => now.abort());
    release = () => {
      clearTimeout(timer);
      first.release();
      second.release();
    };
  });
  return { soon: first.signal, now: now.signal, release: () => release() };
}
