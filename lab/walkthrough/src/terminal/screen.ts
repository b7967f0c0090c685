import xterm from '@xterm/headless';

/** Rows and columns of every terminal: wide enough for the longest table of the story. */
export const size = { rows: 50, columns: 180 };

const keptLines = 20_000;

/** What a person would see of what programs write to a terminal. */
export class Screen {
  readonly #terminal = new xterm.Terminal({
    rows: size.rows,
    cols: size.columns,
    scrollback: keptLines,
    allowProposedApi: true,
  });

  /** `mark` is called with each mark of the shell (OSC 133), when all that was written before it is on the screen. */
  constructor(mark: (data: string) => void) {
    this.#terminal.parser.registerOscHandler(133, (data) => {
      mark(data);
      return true;
    });
  }

  /** Calls back when it is on the screen. */
  write(data: Uint8Array, done: () => void): void {
    this.#terminal.write(data, done);
  }

  /** What is on the screen now, without empty lines at its end. */
  text(): string {
    const { active } = this.#terminal.buffer;
    return trimmed(this.#lines(active, active.baseY, active.baseY + size.rows));
  }

  /** All that was printed, as it was last seen, but for what had the whole screen for itself. */
  output(): string {
    const { normal } = this.#terminal.buffer;
    return trimmed(this.#lines(normal, 0, normal.length));
  }

  /** The lines of `output` above the cursor: what most programs write no more. */
  finishedLines(): string[] {
    const { normal } = this.#terminal.buffer;
    return this.#lines(normal, 0, normal.baseY + normal.cursorY);
  }

  /** Lines from `from` to before `to`, each in one piece where it went over several rows. */
  #lines(buffer: xterm.IBuffer, from: number, to: number): string[] {
    const lines: string[] = [];
    for (let index = from; index < to; index += 1) {
      const row = buffer.getLine(index);
      if (row === undefined) break;
      // A row that goes on in the next ends with what is there, spaces too.
      const goesOn = buffer.getLine(index + 1)?.isWrapped === true;
      const text = row.translateToString(!goesOn);
      if (row.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines;
  }
}

function trimmed(lines: readonly string[]): string {
  return lines.join('\n').trimEnd();
}
