import type { RequestLog } from '../wire/request-log.ts';
import type { AdminRoute } from '../wire/service.ts';

/** The calls that were served. */
export function requestRoutes(requests: RequestLog): AdminRoute[] {
  return [
    { method: 'GET', path: '/requests', handle: () => requests.list().map((each) => ({ ...each })) },
    { method: 'DELETE', path: '/requests', handle: () => requests.clear() },
  ];
}
