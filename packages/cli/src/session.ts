import type { Terminal } from './terminal/terminal.ts';

/** What every command gets beside its arguments. */
export interface Session {
  readonly terminal: Terminal;
  /** ms since the epoch. */
  readonly now: () => number;
  /**
   * A signal that aborts at the next Ctrl-C (or SIGTERM) instead of ending the process; `release` gives Ctrl-C back. Each call stands
   * alone.
   */
  readonly interruptible: () => { readonly signal: AbortSignal; readonly release: () => void };
}

/** How outputs name the target: the only one there is today. */
export const thisMachine = 'on this machine';
