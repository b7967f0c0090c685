import { parseDigest } from '@kaito/oci';
import { WeightsError } from './errors.ts';
import type { WeightSource, WeightsRequest } from './request.ts';

/** The fields of each kind of source: required ones, and those that may be left out. */
const FIELDS: Readonly<
  Record<WeightSource['type'], readonly [required: readonly string[], optional: readonly string[]]>
> = {
  hub: [['repository', 'revision', 'file'], []],
  oci: [['reference'], ['file']],
  https: [['url'], []],
  pip: [['package', 'version', 'file'], []],
  path: [['path'], []],
};

/** Reads a request from a JSON value; unknown fields are refused by name. Throws WeightsError `InvalidRequest`. */
export function parseWeightsRequest(value: unknown): WeightsRequest {
  const request = record(value, 'the request');
  refuseOthers(request, ['name', 'digest', 'bytes', 'sources'], 'the request');
  const { name, digest, bytes, sources } = request;
  if (typeof name !== 'string' || name === '') throw invalid('name', 'must be a text that is not empty');
  if (digest !== undefined && (typeof digest !== 'string' || parseDigest(digest)?.algorithm !== 'sha256')) {
    throw invalid('digest', 'must be sha256: and 64 lower-case hex digits');
  }
  if (bytes !== undefined && !(Number.isSafeInteger(bytes) && Number(bytes) >= 0))
    throw invalid('bytes', 'must be a whole number of bytes');
  if (!Array.isArray(sources) || sources.length === 0)
    throw invalid('sources', 'must be a list of at least one source');
  return {
    name,
    sources: sources.map((source: unknown, index) => parseWeightSource(source, `sources[${index}]`)),
    ...(digest === undefined ? {} : { digest }),
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
  };
}

/** Reads one source from a JSON value; `where` names it in errors. Throws WeightsError `InvalidRequest`. */
export function parseWeightSource(value: unknown, where: string): WeightSource {
  const source = record(value, where);
  const { type } = source;
  if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) {
    throw invalid(`${where}.type`, `must be one of ${Object.keys(FIELDS).join(', ')}`);
  }
  const [required, optional] = FIELDS[type as WeightSource['type']];
  refuseOthers(source, ['type', ...required, ...optional], where);
  for (const field of required) {
    if (typeof source[field] !== 'string' || source[field] === '')
      throw invalid(`${where}.${field}`, 'must be a text that is not empty');
  }
  for (const field of optional) {
    if (source[field] !== undefined && typeof source[field] !== 'string')
      throw invalid(`${where}.${field}`, 'must be a text');
  }
  return source as unknown as WeightSource;
}

function record(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(where, 'must be a JSON object');
}

function refuseOthers(value: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined)
    throw invalid(`${where}: "${other.slice(0, 100)}"`, `is not known; there are ${known.join(', ')}`);
}

function invalid(what: string, must: string): WeightsError {
  return new WeightsError('InvalidRequest', `${what} ${must}.`, { remedy: 'Correct the request.' });
}
