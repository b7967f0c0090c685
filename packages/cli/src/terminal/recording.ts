import { styleFor } from './style.ts';
import type { Terminal } from './terminal.ts';

/** A Terminal that keeps what is written to it; for tests. */
export interface Recording extends Terminal {
  readonly written: { out: string; err: string };
}

/** A recording Terminal without colour; `isTerminal` says what its streams pretend to be. */
export function recording(isTerminal = false, env: Terminal['env'] = {}): Recording {
  const written = { out: '', err: '' };
  return {
    env,
    written,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    outIsTerminal: isTerminal,
    errIsTerminal: isTerminal,
    inIsTerminal: isTerminal,
    columns: 40,
    outStyle: styleFor(false),
    errStyle: styleFor(false),
  };
}
