import type { Server } from 'node:http';
import type { Service } from '../service.ts';

/**
 * Stops a server gently: no new work, running requests get `timeoutMs` to finish, then they are cut short and told so. Resolves to how many were
 * cut short, once all connections and the engine are closed.
 */
export async function drain(server: Server, service: Service, timeoutMs: number): Promise<number> {
  service.drain();
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  let aborted = 0;
  const timer = setTimeout(() => {
    aborted = service.loaded?.generations.interruptAll() ?? 0;
    setTimeout(() => server.closeAllConnections(), 1000).unref();
  }, timeoutMs);
  await closed;
  clearTimeout(timer);
  await service.loaded?.engine.close();
  return aborted;
}
