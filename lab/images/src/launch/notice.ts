import { basename } from 'node:path';

/** Takes one line of the log. */
export type Log = (line: string) => void;

/** Writes lines to standard output, marked as the stand-in's own. */
export function logTo(stream: { write(text: string): unknown }): Log {
  return (line) => void stream.write(`[stand-in] ${line}\n`);
}

/** What every log begins with: that this is not the image which its name promises. */
export function notice(model: string): readonly string[] {
  return [
    "This image of KAITO's lab stands in for a preset's image. It takes the same launch line and serves the same API,",
    `with the small model ${basename(model, '.gguf')} on the CPU, whatever model its name says.`,
  ];
}
