import type { Logger } from '@kaito/kube';

/** Writes a line of JSON for each message from `info` on; errors with their stacks. */
export function lineLogger(output: NodeJS.WritableStream, fields: Readonly<Record<string, unknown>> = {}): Logger {
  return {
    log(level, message, more) {
      if (level === 'debug') return;
      const shown = Object.entries({ ...fields, ...more }).map(([name, value]) => [
        name,
        value instanceof Error ? (value.stack ?? value.message) : value,
      ]);
      output.write(`${JSON.stringify({ level, message, ...Object.fromEntries(shown) })}\n`);
    },
    with: (more) => lineLogger(output, { ...fields, ...more }),
  };
}
