import type { Terminal } from './terminal.ts';

/** Between two updates of the line on a terminal, ms. */
const redrawEvery = 80;
/** Between two lines about the same step where the error stream is no terminal, ms. */
const repeatEvery = 5000;

/** What goes on now, on the error stream. */
export interface Progress {
  /**
   * Shows `text` as the present state of `step`. On a terminal one line is drawn over and over; elsewhere a line is written when the step
   * changes and then every few seconds.
   */
  update(step: string, text: string): void;
  /** Writes a line that stays. */
  note(line: string): void;
  /** Wipes the updating line. */
  end(): void;
}

/** Shows nothing. */
export const silent: Progress = { update: () => {}, note: () => {}, end: () => {} };

/** A Progress on `terminal`; `quiet` shows nothing. `now` gives ms. */
export function progressOn(
  terminal: Terminal,
  options: { readonly quiet: boolean; readonly now: () => number },
): Progress {
  if (options.quiet) return silent;
  return terminal.errIsTerminal ? drawn(terminal, options.now) : written(terminal, options.now);
}

function drawn(terminal: Terminal, now: () => number): Progress {
  const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
  let shown = false;
  let step = '';
  let last = Number.NEGATIVE_INFINITY;
  const wipe = () => {
    if (shown) terminal.err('\r\u001B[2K');
    shown = false;
  };
  return {
    update(nextStep, text) {
      if (nextStep === step && now() - last < redrawEvery) return;
      step = nextStep;
      last = now();
      const frame = frames[Math.floor(last / redrawEvery) % frames.length];
      const line = [...`${text}`].slice(0, Math.max(10, terminal.columns - 3)).join('');
      terminal.err(`\r\u001B[2K${terminal.errStyle.cyan(frame ?? '')} ${line}`);
      shown = true;
    },
    note(line) {
      wipe();
      terminal.err(`${line}\n`);
    },
    end: wipe,
  };
}

function written(terminal: Terminal, now: () => number): Progress {
  let step: string | undefined;
  let last = 0;
  let text = '';
  return {
    update(nextStep, nextText) {
      const due = nextStep !== step || (now() - last >= repeatEvery && nextText !== text);
      if (!due) return;
      step = nextStep;
      last = now();
      text = nextText;
      terminal.err(`${nextText}\n`);
    },
    note: (line) => terminal.err(`${line}\n`),
    end: () => {},
  };
}
