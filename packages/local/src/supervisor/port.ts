import { createServer } from 'node:net';

/** The Service port of KAITO's model servers, preferred locally as well. */
export const preferredPort = 5000;

/** How many ports from the preferred one upward are tried before any free one is taken. */
const attempts = 100;

export type PortChoice =
  | { readonly port: number; readonly note?: string }
  /** The port that was asked for cannot be had. */
  | { readonly taken: number; readonly reason: 'EADDRINUSE' | 'EACCES' | 'EADDRNOTAVAIL' };

/** Tries to listen, for a moment. Resolves to the error's code, undefined when it worked. */
export async function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/**
 * The port to serve on. `asked` is taken or refused, never replaced; 0 leaves it to the system. Without it: `last` (where the server
 * was before), else 5000, else the next free one, said in `note`. Another program may still take it before the server does.
 */
export async function choosePort(
  host: string,
  asked: number | undefined,
  last: number | undefined,
  listen: typeof tryListen = tryListen,
): Promise<PortChoice> {
  if (asked === 0) return { port: last !== undefined && (await listen(host, last)) === undefined ? last : 0 };
  if (asked !== undefined) {
    const code = await listen(host, asked);
    if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') return { taken: asked, reason: code };
    return { port: asked };
  }
  const first = last === undefined || last < preferredPort ? preferredPort : last;
  for (let port = first; port < Math.min(65_536, first + attempts); port += 1) {
    const code = await listen(host, port);
    if (code === 'EADDRNOTAVAIL') return { taken: port, reason: code };
    if (code !== undefined) continue;
    return port === preferredPort || port === last
      ? { port }
      : { port, note: `port ${first} is taken by another program, so ${port} is used` };
  }
  return { port: 0, note: `the ports from ${first} upward are taken, so the system chose one` };
}
