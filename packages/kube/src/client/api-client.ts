import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { apiVersionOf } from '../object.ts';
import type { KubeObject, ObjectRef, Resource } from '../object.ts';
import type { Answer } from './exchange.ts';
import type { ApiCall } from './call.ts';
import type {
  Client,
  DeleteOptions,
  List,
  ListOptions,
  Patch,
  RawOptions,
  RequestOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { isExpired } from './errors.ts';
import { deleteBody, selectors, writeQuery } from './parameters.ts';
import { objectPath, queryText, resourcePath } from './path.ts';
import type { Requester, SendOptions, Upgrade } from './requester.ts';
import { watchEvents } from './watch.ts';

/** A client that also carries what is no JSON: logs, and WebSockets into pods. */
export interface StreamingClient extends Client {
  /**
   * The body of a GET as it comes, e.g. a pod's log; `timeoutMs` holds until it begins. Ends with an error where the connection breaks; destroy it to end it early, or abort.
   * Errors as for `get`.
   */
  stream(
    path: string,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<IncomingMessage>;
  /** Opens a connection that is no HTTP, given what it needs; `open` is shown to the `intercept` function as verb `connect`. */
  connect<T>(path: string, open: (upgrade: Upgrade) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

interface ListAnswer<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

type Mutable = { -readonly [Field in keyof KubeObject]: KubeObject[Field] };

const defaultPageSize = 500;
const patchTypes: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};

/** The verbs of the API over a `Requester`. */
export class ApiClient implements StreamingClient {
  readonly #requester: Requester;
  readonly #clock: Clock;
  readonly #compress: boolean;

  constructor(requester: Requester, options: { readonly clock: Clock; readonly compress: boolean }) {
    this.#requester = requester;
    this.#clock = options.clock;
    this.#compress = options.compress;
  }

  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options: RequestOptions = {}): Promise<T> {
    return this.#object(
      {
        ...target(resource, ref, options),
        verb: 'get',
        method: 'GET',
        path: objectPath(resource, ref, options.subresource),
      },
      options,
    );
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<List<T>> {
    try {
      return await this.#pages(resource, options, options.pageSize ?? defaultPageSize);
    } catch (error) {
      // The server has forgotten the state the pages were of; a list in one piece cannot be overtaken.
      if (!isExpired(error) || options.resourceVersionMatch === 'Exact') throw error;
      return await this.#pages(resource, options, undefined);
    }
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    const at = options.subresource === undefined ? { namespace } : { namespace, name: nameOf(object) };
    const path =
      resourcePath(resource, needNamespace(resource, at), options.subresource) + queryText(writeQuery(options));
    const ref = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) };
    return this.#object(
      { ...target(resource, ref, options), verb: 'create', method: 'POST', path, body: object },
      options,
    );
  }

  replace<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const ref = refTo(object);
    const path = objectPath(resource, ref, options.subresource) + queryText(writeQuery(options));
    return this.#object(
      { ...target(resource, ref, options), verb: 'replace', method: 'PUT', path, body: object },
      options,
    );
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = objectPath(resource, ref, options.subresource) + queryText(writeQuery(options));
    return this.#object(
      { ...target(resource, ref, options), verb: 'patch', method: 'PATCH', path, body: patch.body },
      { ...options, contentType: patchTypes[patch.type] },
    );
  }

  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<T> {
    const ref = refTo(object);
    const query = queryText({ ...writeQuery(options), force: options.force ?? true });
    return this.#object(
      {
        ...target(resource, ref, options),
        verb: 'apply',
        method: 'PATCH',
        path: objectPath(resource, ref, options.subresource) + query,
        body: object,
      },
      { ...options, contentType: 'application/apply-patch+yaml' },
    );
  }

  delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<KubeObject> {
    const path = objectPath(resource, ref, options.subresource);
    return this.#object(
      { ...target(resource, ref, options), verb: 'delete', method: 'DELETE', path, ...deleteBody(options) },
      options,
    );
  }

  async deleteCollection(resource: Resource, options: ListOptions & DeleteOptions): Promise<void> {
    const { namespace } = options;
    const path = resourcePath(resource, needNamespace(resource, { namespace }), options.subresource);
    const query = queryText({
      ...selectors(options),
      resourceVersion: options.resourceVersion,
      resourceVersionMatch: options.resourceVersionMatch,
    });
    await this.#requester.send(
      {
        ...target(resource, namespace === undefined ? {} : { namespace }, options),
        verb: 'deleteCollection',
        method: 'DELETE',
        path: path + query,
        ...deleteBody(options),
      },
      options,
    );
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const { namespace, resourceVersion, timeoutSeconds, signal, sendInitialEvents } = options;
    const query = queryText({
      watch: true,
      allowWatchBookmarks: true,
      ...selectors(options),
      resourceVersion,
      timeoutSeconds,
      ...(sendInitialEvents === undefined ? {} : { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' }),
    });
    return watchEvents<T>(
      this.#requester,
      {
        verb: 'watch',
        method: 'GET',
        path: resourcePath(resource, { namespace }) + query,
        ...target(resource, namespace === undefined ? {} : { namespace }, {}),
      },
      { clock: this.#clock, timeoutSeconds, signal },
    );
  }

  async raw(method: string, path: string, body?: unknown, options: RawOptions = {}): Promise<unknown> {
    const full = options.subresource === undefined ? path : `${path}/${options.subresource}`;
    const answer = await this.#requester.send({ verb: 'raw', method, path: full, body }, options);
    return isJson(answer.headers['content-type'] ?? '') ? JSON.parse(answer.text) : answer.text;
  }

  stream(
    path: string,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<IncomingMessage> {
    return this.#requester.open({ verb: 'stream', method: 'GET', path }, options);
  }

  connect<T>(path: string, open: (upgrade: Upgrade) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#requester.connect({ verb: 'connect', method: 'GET', path }, open, signal);
  }

  close(): void {
    this.#requester.close();
  }

  async #pages<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions,
    limit: number | undefined,
  ): Promise<List<T>> {
    const { namespace, resourceVersion, resourceVersionMatch } = options;
    const path = resourcePath(resource, { namespace }, options.subresource);
    const apiVersion = apiVersionOf(resource);
    let items: T[] | undefined;
    let next: string | undefined;
    for (;;) {
      const from = next === undefined ? { resourceVersion, resourceVersionMatch } : { continue: next };
      const answer = await this.#requester.send(
        {
          ...target(resource, namespace === undefined ? {} : { namespace }, options),
          verb: 'list',
          method: 'GET',
          path: path + queryText({ ...selectors(options), limit, ...from }),
        },
        this.#compress ? { ...options, compress: true } : options,
      );
      const page = JSON.parse(answer.text) as ListAnswer<T>;
      const here = (page.items ?? []) as T[];
      for (const item of here as Mutable[]) {
        item.apiVersion ??= apiVersion;
        item.kind ??= resource.kind;
      }
      if (items === undefined) items = here;
      else for (const item of here) items.push(item);
      next = page.metadata.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
    }
  }

  async #object<T>(call: ApiCall, options: SendOptions): Promise<T> {
    const answer: Answer = await this.#requester.send(call, options);
    return JSON.parse(answer.text) as T;
  }
}

/** Also of media types that say so, e.g. `application/jwk-set+json`. */
const isJson = (contentType: string): boolean => /^application\/([\w.-]+\+)?json\b/.test(contentType);

function target(
  resource: Resource,
  ref: Partial<ObjectRef>,
  options: RequestOptions,
): Pick<ApiCall, 'resource' | 'ref' | 'subresource'> {
  return { resource, ref, ...(options.subresource === undefined ? {} : { subresource: options.subresource }) };
}

function nameOf(object: KubeObject): string {
  const { name } = object.metadata;
  if (name === undefined) throw new TypeError(`${object.kind} has no metadata.name`);
  return name;
}

function refTo(object: KubeObject): ObjectRef {
  const { namespace } = object.metadata;
  return namespace === undefined ? { name: nameOf(object) } : { namespace, name: nameOf(object) };
}

/** Without a namespace in the path, a write or deletion would be meant for all of them, which the server has no such verb for. */
function needNamespace<At extends { readonly namespace: string | undefined }>(resource: Resource, at: At): At {
  if (resource.namespaced && (at.namespace === undefined || at.namespace === ''))
    throw new TypeError(`${resource.plural} are namespaced: name the namespace`);
  return at;
}
