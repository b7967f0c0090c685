import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { systemTiming } from '@kaito/oci';
import { WeightsCache } from '../cache.ts';
import { defaultCacheDirectory } from '../cache-directory.ts';
import { asWeightsError, WeightsError } from '../errors.ts';
import { fetchWeights } from '../fetch.ts';
import { listCache, pruneCache, verifyCache } from '../maintenance.ts';
import { parseWeightSource, parseWeightsRequest } from '../parse-request.ts';
import type { WeightsRequest } from '../request.ts';
import { HELP } from './help.ts';
import { placeOutput } from './place-output.ts';
import { progressPrinter } from './show-progress.ts';

export interface CommandContext {
  readonly arguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly readStdin: () => Promise<string>;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly today: () => number;
}

/** Which options a command takes besides those of all. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  pull: ['request', 'name', 'sha256', 'bytes', 'source', 'output', 'plain-http'],
  list: [],
  verify: [],
  prune: ['unused-days', 'dry-run'],
};

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  cache: { type: 'string' },
  progress: { type: 'string' },
  request: { type: 'string' },
  name: { type: 'string' },
  sha256: { type: 'string' },
  bytes: { type: 'string' },
  source: { type: 'string', multiple: true },
  output: { type: 'string' },
  'plain-http': { type: 'boolean' },
  'unused-days': { type: 'string' },
  'dry-run': { type: 'boolean' },
} as const;

const DEFAULT_UNUSED_DAYS = 30;
const DAY_MS = 86_400_000;

class UsageError extends Error {}

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}

/** Runs the executable's command line; resolves with its exit code and never throws for what a person can cause. */
export async function runCommand(context: CommandContext): Promise<number> {
  try {
    return await dispatch(context);
  } catch (error) {
    if (error instanceof UsageError || (error as { code?: unknown }).code?.toString().startsWith('ERR_PARSE_ARGS')) {
      context.stderr.write(`${(error as Error).message}\nSee kaito-weights --help.\n`);
      return 2;
    }
    const { code, message, remedy, attempts } = asWeightsError(error);
    context.stderr.write(`${message}\n${remedy}\n`);
    print(context, { error: { code, message, remedy, attempts } });
    return code === 'InvalidRequest' ? 2 : 1;
  }
}

async function dispatch(context: CommandContext): Promise<number> {
  const { values, positionals } = parse(context.arguments);
  if (values.help === true || (positionals.length === 1 && positionals[0] === 'help')) {
    context.stdout.write(HELP);
    return 0;
  }
  const [command, extra] = positionals;
  const own = command === undefined ? undefined : COMMANDS[command];
  if (own === undefined)
    throw new UsageError(command === undefined ? 'A command is missing.' : `There is no command ${command}.`);
  if (extra !== undefined) throw new UsageError(`${command} takes no argument ${extra}.`);
  const alien = Object.keys(values).find((key) => !['cache', 'progress', ...own].includes(key));
  if (alien !== undefined) throw new UsageError(`${command} has no option --${alien}.`);
  const cache = new WeightsCache(values.cache ?? defaultCacheDirectory(context.environment));
  switch (command) {
    case 'pull':
      return pull(context, values, cache);
    case 'list':
      print(context, { cache: cache.root, files: await listCache(cache) });
      return 0;
    case 'verify':
      return verify(context, values, cache);
    default:
      return prune(context, values, cache);
  }
}

async function pull(context: CommandContext, values: Values, cache: WeightsCache): Promise<number> {
  const request = await readRequest(context, values);
  const progress = printer(context, values);
  try {
    const result = await fetchWeights(request, {
      cacheDirectory: cache.root,
      environment: context.environment,
      onProgress: progress.onProgress,
      plainHttp: values['plain-http'] ?? false,
      signal: context.signal,
    });
    const path = values.output === undefined ? result.path : await placeOutput(result.path, values.output);
    print(context, { ...result, path });
    return 0;
  } finally {
    progress.done();
  }
}

async function verify(context: CommandContext, values: Values, cache: WeightsCache): Promise<number> {
  const progress = printer(context, values);
  const files = await verifyCache(cache, {
    onBytes: (file, doneBytes) =>
      progress.onProgress({ source: 'path', step: 'verify', doneBytes, totalBytes: file.bytes }),
    signal: context.signal,
  }).finally(progress.done);
  print(context, { cache: cache.root, files });
  return files.some(({ state }) => state === 'damaged') ? 1 : 0;
}

async function prune(context: CommandContext, values: Values, cache: WeightsCache): Promise<number> {
  const days = wholeNumber('--unused-days', values['unused-days']) ?? DEFAULT_UNUSED_DAYS;
  // A file in use at this very moment counts as unused for no days.
  const unusedSince = new Date(context.today() - days * DAY_MS + (days === 0 ? DAY_MS : 0));
  const dryRun = values['dry-run'] ?? false;
  const removed = await pruneCache(cache, { unusedSince, dryRun });
  print(context, { cache: cache.root, dryRun, removed, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) });
  return 0;
}

async function readRequest(context: CommandContext, values: Values): Promise<WeightsRequest> {
  const parts = [values.name, values.sha256, values.bytes, values.source].some((part) => part !== undefined);
  if (values.request !== undefined) {
    if (parts) throw new UsageError('Give either --request or --name, --sha256, --bytes and --source.');
    return parseWeightsRequest(parseJson(await readRequestText(context, values.request), '--request'));
  }
  if (!parts) throw new UsageError('pull needs --request, or --name and --source.');
  const bytes = wholeNumber('--bytes', values.bytes);
  return parseWeightsRequest({
    name: values.name,
    sources: (values.source ?? []).map((text, index) =>
      parseWeightSource(parseJson(text, '--source'), `--source ${index + 1}`),
    ),
    ...(values.sha256 === undefined ? {} : { digest: `sha256:${values.sha256.replace(/^sha256:/, '').toLowerCase()}` }),
    ...(bytes === undefined ? {} : { bytes }),
  });
}

async function readRequestText(context: CommandContext, file: string): Promise<string> {
  if (file === '-') return context.readStdin();
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new WeightsError('InvalidRequest', `${file} cannot be read: ${(error as Error).message}.`, {
      remedy: 'Check the path of the request.',
    });
  });
}

function parseJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${option} is not JSON: ${(error as Error).message}.`);
  }
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${option} must be a whole number, not ${text}.`);
  return Number(text);
}

function printer(context: CommandContext, values: Values) {
  const kind = values.progress ?? 'text';
  if (kind !== 'json' && kind !== 'text' && kind !== 'none')
    throw new UsageError('--progress must be json, text or none.');
  return progressPrinter(kind, context.stderr, systemTiming.now);
}

function print(context: CommandContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
