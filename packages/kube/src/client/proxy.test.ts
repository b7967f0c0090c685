import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { pods } from '../resources.ts';
import { openWebSocket } from '../stream/web-socket.ts';
import { answerJson, stubServer } from '../testing/stub-server.ts';
import { createClient } from './create-client.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** An HTTP proxy that counts its tunnels. */
async function proxy(): Promise<{ readonly url: string; readonly targets: readonly string[] }> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer();
  server.on('connect', (request, downstream: Socket) => {
    targets.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      downstream.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(downstream).pipe(upstream);
    });
    for (const socket of [upstream, downstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, targets };
}

test('calls and WebSockets go through the proxy of the configuration, over connections that are kept', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
  const server = await stubServer((_, response) => answerJson(response, 200, pod));
  cleanUps.push(() => server.close());
  const sockets = new WebSocketServer({ server: server.server, handleProtocols: () => 'p' });
  sockets.on('connection', (socket) => socket.send('hello'));
  const { url, targets } = await proxy();
  const client = createClient(
    { ...server.config, proxy: { HTTPS_PROXY: url } },
    { clock: systemClock, logger: silentLogger },
  );
  cleanUps.push(() => client.close());
  for (let turn = 0; turn < 3; turn += 1) expect(await client.get(pods, { name: 'a', namespace: 'n' })).toEqual(pod);
  const target = new URL(server.config.server).host;
  expect(targets).toEqual([target]);

  const socket = await openWebSocket(client, '/ws', 'p');
  const message = once(socket, 'message');
  socket.resume();
  expect(String((await message)[0])).toBe('hello');
  socket.terminate();
  expect(targets).toEqual([target, target]);

  const direct = createClient(
    { ...server.config, proxy: { HTTPS_PROXY: url, NO_PROXY: '127.0.0.1' } },
    { clock: systemClock, logger: silentLogger },
  );
  cleanUps.push(() => direct.close());
  await direct.get(pods, { name: 'a', namespace: 'n' });
  expect(targets).toHaveLength(2);
});
