import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@kaito/kube';
import { ArmError } from '../errors/arm-error.ts';
import {
  internalServerError,
  invalidRequestUri,
  missingApiVersion,
  unknownQueryParameter,
} from '../errors/request-errors.ts';
import {
  invalidSubscriptionId,
  resourceGroupBeingDeleted,
  resourceGroupNotFound,
  subscriptionNotFound,
} from '../errors/resource-errors.ts';
import type { Authorization } from '../authorization/authorization.ts';
import { operationHeaders } from '../operations/operation-routes.ts';
import type { Store } from '../store/store.ts';
import type { RateLimits } from './rate-limits.ts';
import { readBody } from './request-body.ts';
import { readPath } from './resource-path.ts';
import type { Router } from './router.ts';
import type { ArmAnswer, ArmRequest } from './service.ts';

export interface ArmServiceOptions {
  readonly router: Router;
  readonly store: Store;
  readonly authorization: Authorization;
  /** The caller's object id. @throws ArmError 401 */
  readonly authenticate: (header: string | undefined) => string;
  readonly limits: RateLimits;
  readonly logger: Logger;
  /** What callers are told to wait before they ask again; whole seconds. */
  readonly retryAfterSeconds: number;
  /** Told who called, for the list of requests served. */
  readonly noteCaller: (request: IncomingMessage, callerId: string) => void;
  /** After each call that may have changed something. */
  readonly changed: () => void;
}

const guid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const settled = new Set(['Succeeded', 'Failed', 'Canceled', 'Stopped', 'Running']);

/** Resource Manager: who calls, what is called, may it be called; then the route's handler, then the headers that every answer has. */
export function createArmService(
  options: ArmServiceOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { router, store, authorization } = options;

  async function answer(request: IncomingMessage, headers: Record<string, string>): Promise<ArmAnswer> {
    const origin = `https://${request.headers.host}`;
    const url = URL.parse(request.url ?? '/', origin);
    const path = url === null ? undefined : decoded(url.pathname);
    if (url === null || path === undefined) throw invalidRequestUri(request.url ?? '');
    const callerId = options.authenticate(request.headers.authorization);
    options.noteCaller(request, callerId);
    const apiVersion = url.searchParams.get('api-version');
    if (apiVersion === null || apiVersion === '') throw missingApiVersion();
    const target = readPath(path);
    checkSubscription(target.subscriptionId);
    const method = request.method ?? 'GET';
    const { route, parameters } = router.find(method, path, apiVersion);
    Object.assign(headers, options.limits.take(target.subscriptionId, callerId, method));
    const known = new Set(['api-version', ...(route.query ?? [])].map((name) => name.toLowerCase()));
    for (const name of url.searchParams.keys()) if (!known.has(name.toLowerCase())) throw unknownQueryParameter(name);
    if (route.action !== undefined) authorization.require(callerId, target.scope, route.action);
    checkGroup(target.subscriptionId, target.resourceGroup, method, target.namespace !== undefined);
    const body = await readBody(request);
    const given: ArmRequest = {
      parameters,
      query: url.searchParams,
      apiVersion,
      headers: request.headers as ArmRequest['headers'],
      body,
      callerId,
      path,
      origin,
    };
    const result = await route.handle(given);
    if (result.operation !== undefined) Object.assign(headers, operationHeaders(result.operation, origin, apiVersion));
    if (result.operation !== undefined || isOnItsWay(result))
      headers['retry-after'] = String(options.retryAfterSeconds);
    return result;
  }

  function checkSubscription(id: string | undefined): void {
    if (id === undefined) return;
    if (!guid.test(id)) throw invalidSubscriptionId(id);
    if (store.get(`/subscriptions/${id}`) === undefined) throw subscriptionNotFound(id);
  }

  /** What lies in a group needs the group; nothing is made in one that is being deleted. */
  function checkGroup(
    subscription: string | undefined,
    name: string | undefined,
    method: string,
    within: boolean,
  ): void {
    if (subscription === undefined || name === undefined || !within) return;
    const group = store.get(`/subscriptions/${subscription}/resourceGroups/${name}`);
    if (group === undefined) throw resourceGroupNotFound(name);
    if (method === 'PUT' && group.properties['provisioningState'] === 'Deleting') throw resourceGroupBeingDeleted(name);
  }

  return async (request, response) => {
    const correlation = request.headers['x-ms-correlation-request-id'];
    const id = randomUUID();
    const headers: Record<string, string> = {
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      expires: '-1',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-ms-request-id': id,
      'x-ms-correlation-request-id': typeof correlation === 'string' ? correlation : id,
      'x-ms-routing-request-id': `EMULATOR:${id}`,
    };
    const asked = request.headers['x-ms-client-request-id'];
    if (request.headers['x-ms-return-client-request-id'] === 'true' && typeof asked === 'string')
      headers['x-ms-client-request-id'] = asked;
    let result: ArmAnswer;
    try {
      result = await answer(request, headers);
    } catch (error) {
      if (!(error instanceof ArmError)) {
        options.logger.log('error', 'a handler failed', { method: request.method, path: request.url, error });
      }
      const failure = error instanceof ArmError ? error : internalServerError();
      result = {
        status: failure.status,
        headers: { 'x-ms-failure-cause': 'gateway', ...failure.headers },
        body: { error: { code: failure.code, message: failure.message } },
      };
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') options.changed();
    const text = result.body === undefined || request.method === 'HEAD' ? undefined : JSON.stringify(result.body);
    response.writeHead(result.status, {
      ...headers,
      ...result.headers,
      ...(text !== undefined && {
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(Buffer.byteLength(text)),
      }),
      ...(text === undefined && result.status !== 204 && { 'content-length': '0' }),
    });
    response.end(text);
  };
}

function decoded(path: string): string | undefined {
  try {
    // A scope may begin with two slashes: clients join `/` and an id.
    return decodeURIComponent(path).replaceAll(/\/{2,}/g, '/');
  } catch {
    return undefined;
  }
}

/** Whether an answer tells of something that is not done. */
function isOnItsWay({ status, body }: ArmAnswer): boolean {
  if (status === 202) return true;
  if (typeof body !== 'object' || body === null || !('status' in body || 'properties' in body)) return false;
  if (body['status'] === 'InProgress') return true;
  const { properties } = body;
  if (typeof properties !== 'object' || properties === null || !('provisioningState' in properties)) return false;
  const state = properties['provisioningState'];
  return typeof state === 'string' && !settled.has(state);
}
