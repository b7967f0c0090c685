import { reservedSelectorKeys, selectorLabels, type Workspace } from '@kaito/api';

/**
 * What a Workspace asks for, in one form however it was written (defaults filled in or not, matchLabels or expressions). Read defensively: a
 * field of a wrong type reads as absent; the validation of `@kaito/api` names it. Enters the hash whole.
 */
export interface Request {
  readonly name: string;
  readonly namespace: string;
  /** Annotations under `kaito.sh/` only. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly preset?: {
    readonly name: string;
    /** True for accessMode private; absent and public are the same. */
    readonly privateAccess: boolean;
    readonly image?: string;
    readonly imagePullSecrets: readonly string[];
    readonly modelAccessSecret?: string;
  };
  readonly template?: Readonly<Record<string, unknown>>;
  readonly adapters: readonly AdapterRequest[];
  /** Empty: existing nodes only. */
  readonly instanceType: string;
  /** Machines, at least 1. */
  readonly count: number;
  /** The labels that select the machines, without those that KAITO sets itself; undefined where the selector is no plain map. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly preferredNodes: readonly string[];
}

const annotationPrefix = 'kaito.sh/';

export interface AdapterRequest {
  readonly name: string;
  readonly strength: number;
  readonly urls: readonly string[];
  readonly image?: string;
}

/** Reads a Workspace; never throws, whatever the value is. */
export function readRequest(workspace: Workspace): Request {
  const root = record(workspace);
  const metadata = record(root['metadata']);
  const resource = record(root['resource']);
  const inference = record(root['inference']);
  const preset = record(inference['preset']);
  const options = record(preset['presetOptions']);
  const presetName = text(preset['name']);
  const template = inference['template'];
  const count = resource['count'];
  return {
    name: text(metadata['name']) ?? text(metadata['generateName']) ?? '',
    namespace: text(metadata['namespace']) ?? 'default',
    annotations: Object.fromEntries(
      Object.entries(texts(metadata['annotations'])).filter(([key]) => key.startsWith(annotationPrefix)),
    ),
    ...(presetName === undefined
      ? {}
      : {
          preset: {
            name: presetName,
            imagePullSecrets: list(options['imagePullSecrets']).flatMap((item) => text(item) ?? []),
            privateAccess: preset['accessMode'] === 'private',
            ...optional('image', text(options['image'])),
            ...optional('modelAccessSecret', text(options['modelAccessSecret'])),
          },
        }),
    ...(isRecord(template) ? { template } : {}),
    adapters: list(inference['adapters']).filter(isRecord).map(readAdapter),
    instanceType: text(resource['instanceType']) ?? '',
    count: typeof count === 'number' && Number.isSafeInteger(count) && count >= 1 ? count : 1,
    ...optional('selector', readSelector(record(resource['labelSelector']))),
    preferredNodes: list(resource['preferredNodes']).flatMap((item) => text(item) ?? []),
  };
}

function readAdapter(adapter: Record<string, unknown>, index: number): AdapterRequest {
  const source = record(adapter['source']);
  return {
    name: text(source['name']) ?? `adapter-${index}`,
    strength: Number(text(adapter['strength']) ?? 1),
    urls: list(source['urls']).flatMap((url) => text(url) ?? []),
    ...optional('image', text(source['image'])),
  };
}

function readSelector(selector: Record<string, unknown>): Readonly<Record<string, string>> | undefined {
  const labels = selectorLabels({
    matchLabels: texts(selector['matchLabels']),
    matchExpressions: list(selector['matchExpressions'])
      .filter(isRecord)
      .map((expression) => ({
        key: text(expression['key']) ?? '',
        operator: text(expression['operator']) as 'In',
        values: list(expression['values']).flatMap((value) => (typeof value === 'string' ? [value] : [])),
      })),
  });
  if (labels === undefined) return undefined;
  const own = [...labels].filter(([key]) => !reservedSelectorKeys.includes(key));
  return Object.fromEntries(own.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** `{[key]: value}`, or nothing where the value is undefined: for optional fields. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one where it is none. */
export function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** The value as a list; an empty one where it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as trimmed text; undefined where it is none or blank. */
export function text(value: unknown): string | undefined {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  return trimmed === '' ? undefined : trimmed;
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
