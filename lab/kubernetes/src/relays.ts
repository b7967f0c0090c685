import { once } from 'node:events';
import { type ListenOptions, type NetConnectOpts, Socket, connect, createServer } from 'node:net';

/** Carries connections from where it listens to another place. */
export interface Relay {
  /** @throws where it can't listen there. */
  listen(at: ListenOptions | { readonly fd: number }): Promise<void>;
  /** Listens no more, and breaks its connections. */
  close(): Promise<void>;
}

/**
 * Each direction of a connection ends when its sender ends it, no faster than its receiver takes it in; a connection that breaks on one side, or
 * finds nobody on the other, breaks on both.
 */
export function relay(to: NetConnectOpts): Relay {
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true, noDelay: true });
    join(near, far);
    join(far, near);
    connections.add(near);
    near.once('close', () => connections.delete(near));
  });
  return {
    async listen(at) {
      server.listen(at);
      await once(server, 'listening');
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.destroy(new Error('the relay is closed'));
      await closed;
    },
  };
}

function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => breakOff(to));
}

/** A TCP connection that only ended would seem whole to its other side. */
function breakOff(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
