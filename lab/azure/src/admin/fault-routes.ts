import { adminInvalid } from '../errors/admin-errors.ts';
import type { OperationFault, OperationFaults } from '../operations/operation-faults.ts';
import type { OperationQueue } from '../operations/operation-queue.ts';
import type { AdminRoute } from '../wire/service.ts';
import type { WireFault, WireFaults } from '../wire/wire-faults.ts';
import { checkFields } from './fields.ts';

const kinds = ['latency', 'throttle', 'error', 'refuse', 'lose-response'];

/** Faults on demand, of calls and of operations. */
export function faultRoutes(wire: WireFaults, operations: OperationFaults, queue: OperationQueue): AdminRoute[] {
  return [
    {
      method: 'POST',
      path: '/faults',
      handle(_, body) {
        checkFields(body, {
          kind: 'string',
          match: 'pattern',
          times: 'number',
          delayMs: 'number',
          status: 'number',
          code: 'string',
          retryAfterSeconds: 'number',
        });
        if (!kinds.includes(String(body['kind']))) throw adminInvalid(`'kind' must be one of ${kinds.join(', ')}`);
        return { id: wire.add(body as unknown as WireFault) };
      },
    },
    {
      method: 'GET',
      path: '/faults',
      handle: () => wire.list().map(({ id, left, fault }) => ({ id, left, ...fault })),
    },
    { method: 'DELETE', path: '/faults/{id}', handle: ({ id }) => wire.remove(id!) },
    {
      method: 'DELETE',
      path: '/faults',
      handle() {
        for (const { id } of wire.list()) wire.remove(id);
        operations.clear();
      },
    },
    {
      method: 'POST',
      path: '/operation-faults',
      handle(_, body) {
        checkFields(body, {
          match: 'pattern',
          times: 'number',
          delayMs: 'number',
          hang: 'boolean',
          error: 'object',
          afterWork: 'boolean',
        });
        operations.add(body as unknown as OperationFault);
      },
    },
    { method: 'GET', path: '/operations', handle: () => queue.list().map((operation) => ({ ...operation })) },
    { method: 'POST', path: '/operations/{id}/release', handle: ({ id }) => queue.release(id!) },
  ];
}
