import { type Terminal, type TerminalOptions, openTerminal } from '../terminal/terminal.ts';

/** The terminals of a story, each opened when it is first needed. */
export interface Terminals {
  named(name: string): Terminal;
  /** Ends all of them, for good. */
  end(): Promise<void>;
}

export function createTerminals(options: TerminalOptions): Terminals {
  const open = new Map<string, Terminal>();
  let ended = false;
  return {
    named(name) {
      if (ended) throw new Error(`terminal ${name} is asked for after the end`);
      let terminal = open.get(name);
      if (terminal === undefined) open.set(name, (terminal = openTerminal(options)));
      return terminal;
    },
    async end() {
      ended = true;
      await Promise.all([...open.values()].map((terminal) => terminal.end()));
    },
  };
}
