import { parseArgs } from 'node:util';
import type { ApiFlavour, ChatTemplateUse } from '../service.ts';
import { flagTable } from './table.ts';

/** What the command line asks for. Times in ms. */
export interface ServerFlags {
  readonly engine: 'llama' | 'echo';
  readonly model: string | undefined;
  readonly modelId: string;
  readonly api: ApiFlavour;
  readonly chatTemplate: ChatTemplateUse;
  readonly host: string;
  readonly port: number;
  readonly contextLength: number | undefined;
  readonly parallel: number;
  readonly threads: number;
  readonly gpuLayers: 'auto' | number;
  readonly adapters: readonly { readonly name: string; readonly path: string; readonly strength: number }[];
  readonly embeddings: boolean;
  readonly apiKeyFile: string | undefined;
  readonly maxBodyBytes: number;
  readonly maxQueue: number;
  readonly maxTokens: number | undefined;
  readonly requestTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly echoTokenDelayMs: number;
  readonly echoLoadDelayMs: number;
}

export type ParsedFlags =
  | { readonly kind: 'serve'; readonly flags: ServerFlags }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'error'; readonly message: string };

class FlagError extends Error {}

/** Reads the command line, without the program's own two words. `cores`: the default of `--threads`. Never throws. */
export function parseFlags(argv: readonly string[], cores: number): ParsedFlags {
  const options = Object.fromEntries(
    flagTable.map(({ name, value, repeat }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: repeat === true },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, allowPositionals: false, strict: true });
    if (values['help'] === true) return { kind: 'help' };
    if (values['version'] === true) return { kind: 'version' };
    return { kind: 'serve', flags: read(values as Values, cores) };
  } catch (error) {
    return { kind: 'error', message: firstSentence((error as Error).message) };
  }
}

type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

function read(values: Values, cores: number): ServerFlags {
  const text = (name: string) => values[name] as string | undefined;
  const many = (name: string) => (values[name] ?? []) as readonly string[];
  const integer = (name: string, least: number, most: number) => number(name, text(name), least, most, true);
  const seconds = (name: string, fallback: number, least: number) =>
    (number(name, text(name), least, 86_400, false) ?? fallback) * 1000;

  const engine = choice('engine', text('engine') ?? 'llama', ['llama', 'echo'] as const);
  const model = text('model');
  if (engine === 'llama' && model === undefined) throw new FlagError('--model is required: the path of a GGUF file.');
  if (engine === 'echo' && model !== undefined) throw new FlagError('--model goes with --engine llama only.');
  const gpuLayers = text('gpu-layers') ?? 'auto';
  return {
    engine,
    model,
    modelId: text('model-id') ?? (model === undefined ? 'echo' : fileStem(model)),
    api: choice('api', text('api') ?? 'text-generation', [
      'text-generation',
      'llama-completion',
      'llama-chat',
    ] as const),
    chatTemplate: choice('chat-template', text('chat-template') ?? 'auto', ['auto', 'always', 'never'] as const),
    host: text('host') ?? '127.0.0.1',
    port: integer('port', 0, 65_535) ?? 5000,
    contextLength: integer('context-length', 16, 10_000_000),
    parallel: integer('parallel', 1, 256) ?? 4,
    threads: integer('threads', 1, 1024) ?? cores,
    gpuLayers: gpuLayers === 'auto' ? 'auto' : (number('gpu-layers', gpuLayers, 0, 10_000, true) ?? 0),
    adapters: readAdapters(many('lora'), many('adapter-name')),
    embeddings: values['embeddings'] === true,
    apiKeyFile: text('api-key-file'),
    maxBodyBytes: integer('max-body-bytes', 1024, 1_073_741_824) ?? 1_048_576,
    maxQueue: integer('max-queue', 0, 100_000) ?? 64,
    maxTokens: integer('max-tokens', 1, 10_000_000),
    requestTimeoutMs: seconds('request-timeout', 600, 0.001),
    drainTimeoutMs: seconds('drain-timeout', 30, 0),
    stallTimeoutMs: seconds('stall-timeout', 30, 0.001),
    echoTokenDelayMs: integer('echo-token-delay', 0, 60_000) ?? 0,
    echoLoadDelayMs: integer('echo-load-delay', 0, 600_000) ?? 0,
  };
}

function choice<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw new FlagError(`--${name} must be one of ${allowed.join(', ')}, not ${JSON.stringify(value)}.`);
  return found;
}

function number(
  name: string,
  value: string | undefined,
  least: number,
  most: number,
  whole: boolean,
): number | undefined {
  if (value === undefined) return undefined;
  const parsed = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (parsed >= least && parsed <= most && (!whole || Number.isInteger(parsed))) return parsed;
  throw new FlagError(
    `--${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}, not ${JSON.stringify(value)}.`,
  );
}

/** `PATH=0.5`: a path may hold `=` itself, so only a last part that is a number counts as the strength. */
function readAdapters(paths: readonly string[], names: readonly string[]): ServerFlags['adapters'] {
  if (names.length > paths.length) throw new FlagError('There are more --adapter-name than --lora.');
  const adapters = paths.map((given, index) => {
    const [, path = given, strength = '1'] = /^(.+)=(\d+(?:\.\d+)?)$/.exec(given) ?? [];
    if (path === '') throw new FlagError('--lora needs a path.');
    return { name: names[index] ?? fileStem(path), path, strength: Number(strength) };
  });
  const twice = adapters.find((adapter, index) => adapters.findIndex(({ name }) => name === adapter.name) !== index);
  if (twice !== undefined) throw new FlagError(`Two adapters are named ${twice.name}; name them with --adapter-name.`);
  return adapters;
}

/** The file's name without folder and `.gguf`. */
function fileStem(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.gguf$/i, '');
}

function firstSentence(message: string): string {
  return message.split('\n')[0]!.replace(/\. To specify a positional argument.*$/, '.');
}
