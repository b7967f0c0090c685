import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseFlags } from './flags/flags.ts';
import type { ServerFlags } from './flags/flags.ts';
import { helpText } from './flags/table.ts';
import { exitCodes } from './lifecycle/events.ts';
import type { ServerEvent } from './lifecycle/events.ts';
import { run } from './run.ts';

// The engine hands each step to libuv's thread pool; with one thread all steps stay on the same core. Read at the pool's first use.
process.env.UV_THREADPOOL_SIZE ??= '1';

const log = (event: ServerEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`);
/** A supervisor that goes away takes its end of the pipe along; the server lives on. */
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const parsed = parseFlags(process.argv.slice(2), availableParallelism());
switch (parsed.kind) {
  case 'help':
    process.stdout.write(helpText());
    break;
  case 'version':
    process.stdout.write(`${version()}\n`);
    break;
  case 'error':
    badFlags(parsed.message);
    break;
  case 'serve':
    await serve(parsed.flags);
}

async function serve(flags: ServerFlags): Promise<void> {
  let apiKey: string | undefined;
  if (flags.apiKeyFile !== undefined) {
    try {
      apiKey = readFileSync(flags.apiKeyFile, 'utf8').trim();
    } catch (error) {
      return badFlags(`--api-key-file cannot be read: ${(error as Error).message}.`);
    }
    if (!/^\S+$/.test(apiKey)) return badFlags(`--api-key-file ${flags.apiKeyFile} must hold one key without spaces.`);
  }
  const stop = new AbortController();
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(code);
      stop.abort();
    });
  }
  const crashed = (error: unknown) => {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log({ event: 'fault', code: 'Internal', message, remedy: 'Restart the server, and report this.' });
    process.exit(exitCodes.internal);
  };
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
  const clock = { monotonic: () => performance.now(), epoch: () => Date.now() };
  process.exitCode = await run({ flags, apiKey, log, clock, stop: stop.signal });
  // The engine's native threads must not keep a finished server alive; what is written to the pipe goes out first.
  process.stdout.write('', () => process.exit());
}

function badFlags(message: string): void {
  process.stderr.write(`${message} See --help.\n`);
  process.exitCode = exitCodes.badFlags;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
