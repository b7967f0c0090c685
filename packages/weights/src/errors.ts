import { OciError, type OciErrorCode, writeError } from '@kaito/oci';
import type { WeightSource } from './request.ts';

export type WeightsErrorCode =
  | OciErrorCode
  | 'InvalidRequest'
  | 'PipUnavailable'
  | 'PipFailed'
  | 'ArchiveDamaged'
  /** Several sources failed for different reasons; `attempts` has each. */
  | 'NoSourceWorked';

/** What became of one source. */
export interface SourceFailure {
  readonly source: WeightSource;
  readonly code: WeightsErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/** An error as data: what went wrong and what to do; `attempts` lists every source tried, in order. */
export class WeightsError extends Error {
  readonly code: WeightsErrorCode;
  readonly remedy: string;
  readonly attempts: readonly SourceFailure[];

  constructor(
    code: WeightsErrorCode,
    message: string,
    details: { readonly remedy: string; readonly attempts?: readonly SourceFailure[]; readonly cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'WeightsError';
    this.code = code;
    this.remedy = details.remedy;
    this.attempts = details.attempts ?? [];
  }
}

/** Any error of a fetch as a WeightsError; what is neither ours nor the system's is a fault of the program and is thrown on. */
export function asWeightsError(error: unknown): WeightsError {
  if (error instanceof WeightsError) return error;
  if (error instanceof OciError)
    return new WeightsError(error.code, error.message, { remedy: error.remedy, cause: error });
  if (error instanceof Error && 'syscall' in error) {
    const path = 'path' in error && typeof error.path === 'string' ? error.path : 'the cache';
    return asWeightsError(writeError(error, path));
  }
  throw error;
}

/** One line that names a source: its kind and address, without credentials. */
export function describeSource(source: WeightSource): string {
  switch (source.type) {
    case 'hub':
      return `hub ${source.repository}@${source.revision}/${source.file}`;
    case 'oci':
      return `oci ${source.reference}${source.file === undefined ? '' : ` (${source.file})`}`;
    case 'https':
      return `https ${(withoutSecrets(source) as typeof source).url}`;
    case 'pip':
      return `pip ${source.package}==${source.version} (${source.file})`;
    case 'path':
      return `path ${source.path}`;
  }
}

/** The source as it may be shown: an address loses its login and its query, which may be a signature. */
export function withoutSecrets(source: WeightSource): WeightSource {
  if (source.type !== 'https') return source;
  const url = URL.parse(source.url);
  return url === null ? source : { type: 'https', url: `${url.origin}${url.pathname}` };
}

/** The one error for a request none of whose sources worked: their common code if they share it, else `NoSourceWorked`. */
export function noSourceWorked(name: string, attempts: readonly SourceFailure[]): WeightsError {
  const [first] = attempts;
  if (first === undefined) {
    return new WeightsError('InvalidRequest', `No source is given for ${name}.`, {
      remedy: 'Name at least one source.',
    });
  }
  if (attempts.length === 1) return new WeightsError(first.code, first.message, { remedy: first.remedy, attempts });
  const shared = attempts.every((attempt) => attempt.code === first.code);
  const lines = attempts.map(
    (attempt) => `\n  ${describeSource(attempt.source)}: ${attempt.message} ${attempt.remedy}`,
  );
  return new WeightsError(
    shared ? first.code : 'NoSourceWorked',
    `None of the ${attempts.length} sources of ${name} worked:${lines.join('')}`,
    { remedy: shared ? first.remedy : 'Mend one of the sources above; one is enough.', attempts },
  );
}
