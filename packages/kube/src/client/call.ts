import type { ObjectRef, Resource } from '../object.ts';
import { keyOf } from '../object.ts';

export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'replace'
  | 'patch'
  | 'apply'
  | 'delete'
  | 'deleteCollection'
  | 'raw'
  | 'stream'
  | 'connect';

/** One request on the wire; a list of three pages is three, and each further try is one. */
export interface ApiCall {
  /** The client's method that makes it. */
  readonly verb: Verb;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly resource?: Resource;
  /** Without a name for lists and watches. */
  readonly ref?: Partial<ObjectRef>;
  readonly subresource?: string;
  readonly body?: unknown;
}

/**
 * Stands around every request. It may wait, reject instead of sending, or send and then reject as if the answer were lost; what `send`
 * resolves to is passed on as it is.
 */
export type Intercept = (call: ApiCall, send: () => Promise<unknown>) => Promise<unknown>;

/** What became of one request. */
export interface RequestMeasure {
  readonly verb: Verb;
  readonly method: string;
  /** HTTP status; undefined where no answer came. */
  readonly code: number | undefined;
  readonly host: string;
  /** Until the whole answer was read; for streams, until it began. */
  readonly seconds: number;
}

/** The call as an error names it: `create pods default/web`. */
export function callText(call: ApiCall): string {
  if (call.resource === undefined) return `${call.method} ${call.path}`;
  const { name, namespace } = call.ref ?? {};
  const where =
    name === undefined
      ? namespace === undefined
        ? ''
        : ` in ${namespace}`
      : ` ${keyOf({ name, ...(namespace === undefined ? {} : { namespace }) })}`;
  const plural = call.subresource === undefined ? call.resource.plural : `${call.resource.plural}/${call.subresource}`;
  return `${call.verb} ${plural}${where}`;
}
