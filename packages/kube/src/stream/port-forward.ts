import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import type { RawData, WebSocket } from 'ws';
import type { StreamingClient } from '../client/api-client.ts';
import { ConnectionError } from '../client/errors.ts';
import { objectPath, queryText } from '../client/path.ts';
import type { ObjectRef } from '../object.ts';
import { pods } from '../resources.ts';
import { openWebSocket } from './web-socket.ts';

export interface PortForwardOptions {
  readonly pod: ObjectRef;
  /** In the pod. */
  readonly port: number;
  /** Here; default 0, any free one. */
  readonly localPort?: number;
  /** Where to listen; default 127.0.0.1. */
  readonly host?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Why one connection could not be carried; the others go on. */
  readonly onError?: (error: Error) => void;
}

export interface PortForward extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Ends the listening and every connection. */
  close(): Promise<void>;
}

/** Of the kubelet, one WebSocket per connection: each frame begins with its channel, and each channel with the port, 2 bytes little-endian. */
const protocol = 'v4.channel.k8s.io';
const dataChannel = 0;
const errorChannel = 1;
const prefixLength = 2;
/** What may wait in memory for a slow API server before the local side is held back. */
const mostBuffered = 1024 * 1024;

/**
 * Carries connections to a local port into a pod.
 * @throws ApiError where there is no such pod or no right to it, ConnectionError (POD_NOT_RUNNING, or the local port is taken)
 */
export async function portForward(client: StreamingClient, options: PortForwardOptions): Promise<PortForward> {
  const { pod, port, localPort = 0, host = '127.0.0.1', signal, onError } = options;
  const { status } = await client.get(pods, pod, signal === undefined ? {} : { signal });
  if (status?.phase !== 'Running')
    throw new ConnectionError(`pod ${pod.name} is ${status?.phase ?? 'Pending'}, so nothing can be forwarded to it`, {
      code: 'POD_NOT_RUNNING',
      remedy: `wait until it runs: kubectl wait --for=condition=Ready pod/${pod.name} -n ${pod.namespace ?? 'default'}`,
    });
  const path = objectPath(pods, pod, 'portforward') + queryText({ ports: port });
  const ending = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A reset by the local side ends its own connection only.
    socket.on('error', () => socket.destroy());
    openWebSocket(client, path, protocol, ending.signal).then(
      (remote) => carry(socket, remote, port, onError),
      (error: unknown) => {
        socket.destroy();
        if (!ending.signal.aborted) onError?.(error as Error);
      },
    );
  });
  server.listen(localPort, host);
  try {
    await once(server, 'listening', signal === undefined ? {} : { signal });
  } catch (error) {
    server.close();
    if (signal?.aborted === true) throw signal.reason;
    throw new ConnectionError(`cannot listen on ${host}:${localPort}: ${(error as Error).message}`, {
      cause: error,
      code: 'LISTEN',
      remedy: 'choose another local port, or 0 for any that is free',
    });
  }
  const closed = once(server, 'close');
  const close = async () => {
    signal?.removeEventListener('abort', onAbort);
    ending.abort();
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const onAbort = () => void close();
  signal?.addEventListener('abort', onAbort, { once: true });
  return { host, port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

/**
 * Joins one local connection and its WebSocket until either ends. The protocol cannot say that one direction has ended, so what the local
 * side ends early (`FIN`) leaves the answer to come; the pod sees the end when the answer is complete.
 */
function carry(local: Socket, remote: WebSocket, port: number, onError: PortForwardOptions['onError']): void {
  if (local.destroyed) {
    remote.terminate();
    remote.on('close', () => {});
    return;
  }
  const unread = [prefixLength, prefixLength];
  let complaint = '';
  local.on('data', (chunk: Buffer) => {
    const frame = Buffer.allocUnsafe(chunk.length + 1);
    frame[0] = dataChannel;
    chunk.copy(frame, 1);
    remote.send(frame, () => {
      if (remote.bufferedAmount <= mostBuffered) local.resume();
    });
    if (remote.bufferedAmount > mostBuffered) local.pause();
  });
  local.on('close', () => remote.close());
  local.on('drain', () => remote.resume());
  remote.on('message', (data: RawData) => {
    const frame = data as Buffer;
    const channel = frame[0];
    if (channel !== dataChannel && channel !== errorChannel) return;
    const skip = Math.min(unread[channel]!, frame.length - 1);
    unread[channel]! -= skip;
    const payload = frame.subarray(1 + skip);
    if (payload.length === 0) return;
    if (channel === errorChannel) complaint += payload.toString('utf8');
    else if (!local.write(payload)) remote.pause();
  });
  remote.on('close', () => {
    if (complaint !== '') onError?.(new ConnectionError(`port ${port}: ${complaint.trim()}`, { code: 'PORT_FORWARD' }));
    if (complaint === '') local.end();
    else local.destroy();
    local.resume();
  });
  remote.on('error', (error) => {
    onError?.(
      new ConnectionError(`port ${port}: the connection to the API server broke off: ${error.message}`, {
        cause: error,
      }),
    );
    local.destroy();
  });
  remote.resume();
  local.resume();
}
