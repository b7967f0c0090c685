import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ControlPlane, type Relay, relay } from '@kaito/lab-kubernetes';

const run = promisify(execFile);

/** What the world around a cluster sees of a Service. */
export interface FrontEnd {
  /** Listens on `address` at these ports, in place of those before, and carries what comes to the Service's own address inside the cluster. */
  serve(address: string, clusterIp: string, ports: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** @param key tells its sockets in `directory` from those of others */
export function frontEnd(plane: ControlPlane, directory: string, key: string): FrontEnd {
  const open = new Map<string, { readonly outside: Relay; readonly socket: string }>();
  let held: string | undefined;

  async function shut(name: string): Promise<void> {
    const { outside, socket } = open.get(name)!;
    open.delete(name);
    await outside.close();
    // It may have ended with its lab.
    await plane.closeInlet(socket).catch(() => {});
  }

  async function leave(): Promise<void> {
    for (const name of open.keys()) await shut(name);
    if (held !== undefined) await run('ip', ['address', 'del', `${held}/32`, 'dev', 'lo']).catch(() => {});
    held = undefined;
  }

  return {
    async serve(address, clusterIp, ports) {
      if (held !== address) {
        await leave();
        await run('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo']);
        held = address;
      }
      const wanted = new Map(ports.map((port) => [`${clusterIp}:${port}`, port]));
      for (const name of open.keys()) if (!wanted.has(name)) await shut(name);
      for (const [name, port] of wanted) {
        if (open.has(name)) continue;
        const socket = join(directory, `${key}-${port}.lb`);
        await plane.inlet(socket, { host: clusterIp, port });
        const outside = relay({ path: socket });
        await outside.listen({ port, host: address });
        open.set(name, { outside, socket });
      }
    },
    close: leave,
  };
}
