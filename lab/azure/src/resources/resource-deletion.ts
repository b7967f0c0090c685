import { resourceNotDeleted } from '../errors/resource-errors.ts';
import type { OperationQueue } from '../operations/operation-queue.ts';
import type { Store } from '../store/store.ts';
import type { Router } from '../wire/router.ts';

/** Deletes a resource by its own DELETE and waits for it; what has none just goes. @throws ArmError where its owner refuses or fails */
export function createResourceDeletion(
  store: Store,
  queue: OperationQueue,
  router: () => Router,
): (id: string, signal: AbortSignal) => Promise<void> {
  return async (id, signal) => {
    const match = router().any('DELETE', id);
    if (match !== undefined && match.route.action !== undefined) {
      const { operation } = await match.route.handle({
        parameters: match.parameters,
        query: new URLSearchParams(),
        apiVersion: match.route.apiVersions.at(-1)!,
        headers: {},
        body: undefined,
        callerId: '',
        path: id,
        origin: '',
      });
      if (operation !== undefined) await queue.ended(operation.id, signal);
      const outcome = operation === undefined ? undefined : queue.find(operation.id);
      if (outcome?.error !== undefined) throw resourceNotDeleted(id, outcome.error.code, outcome.error.message);
      if (signal.aborted) return;
    }
    for (const { id: below } of store.list(id)) store.delete(below);
    store.delete(id);
  };
}
