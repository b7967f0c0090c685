import { ArmError } from '../errors/arm-error.ts';
import { operationNotFound } from '../errors/resource-errors.ts';
import type { Store } from '../store/store.ts';
import type { ArmAnswer, ArmRequest, ArmRoute } from '../wire/service.ts';
import type { OperationQueue } from './operation-queue.ts';
import type { StoredOperation } from './operations.ts';

/** Where the caller asks after an operation, without its query. */
export function operationPath(operation: StoredOperation, form: 'operations' | 'operationresults'): string {
  const subscription = `/subscriptions/${operation.subscriptionId}`;
  if (operation.provider === 'Microsoft.Resources') return `${subscription}/${form}/${operation.id}`;
  return `${subscription}/providers/${operation.provider}/locations/${operation.location}/${form}/${operation.id}`;
}

/** The headers by which an operation is followed. */
export function operationHeaders(operation: StoredOperation, origin: string, version: string): Record<string, string> {
  const address = (form: 'operations' | 'operationresults'): string =>
    `${origin}${operationPath(operation, form)}?api-version=${version}`;
  return {
    ...(operation.followedBy !== 'location' && { 'azure-asyncoperation': address('operations') }),
    ...(operation.followedBy !== 'azure-async-operation' && { location: address('operationresults') }),
  };
}

/** Routes to ask after operations, under each namespace with the versions that it knows. */
export function operationRoutes(
  queue: OperationQueue,
  store: Store,
  namespaces: ReadonlyMap<string, readonly string[]>,
): ArmRoute[] {
  const routes: ArmRoute[] = [];
  for (const [namespace, apiVersions] of namespaces) {
    const base =
      namespace === 'Microsoft.Resources'
        ? '/subscriptions/{subscriptionId}'
        : `/subscriptions/{subscriptionId}/providers/${namespace}/locations/{location}`;
    // Whoever may begin an operation may ask after it: its address is the secret.
    routes.push(
      {
        method: 'GET',
        path: `${base}/operations/{operationId}`,
        action: undefined,
        apiVersions,
        handle: (request) => status(found(queue, request)),
      },
      {
        method: 'GET',
        path: `${base}/operationresults/{operationId}`,
        action: undefined,
        apiVersions,
        handle: (request) => result(found(queue, request), store),
      },
    );
  }
  return routes;
}

function found(queue: OperationQueue, { parameters }: ArmRequest): StoredOperation {
  const id = parameters['operationId']!;
  const operation = queue.find(id);
  if (operation?.subscriptionId.toLowerCase() !== parameters['subscriptionId']?.toLowerCase())
    throw operationNotFound(id);
  return operation!;
}

function status({ id, status, startTime, endTime, error }: StoredOperation): ArmAnswer {
  return {
    status: 200,
    body: {
      name: id,
      status,
      startTime,
      ...(endTime !== undefined && { endTime }),
      ...(error !== undefined && { error: { ...error } }),
    },
  };
}

function result(operation: StoredOperation, store: Store): ArmAnswer {
  if (operation.status === 'InProgress') return { status: 202, operation };
  if (operation.error !== undefined) throw new ArmError(409, operation.error.code, operation.error.message);
  const resource = store.get(operation.resourceId);
  return resource === undefined ? { status: 204 } : { status: 200, body: { ...resource } };
}
