import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import http from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isNotFound } from '../client/errors.ts';
import { pods } from '../resources.ts';
import { kubeletStub, testCluster } from '../testing/index.ts';
import type { KubeletStub, TestCluster } from '../testing/index.ts';
import { podLogs } from './pod-logs.ts';
import { portForward } from './port-forward.ts';

let cluster: TestCluster;
let namespace: string;
let kubelet: KubeletStub;
let folder: string;
let logFile: string;
/** Answers what it is sent. */
let target: Server;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
  folder = await mkdtemp(path.join(tmpdir(), 'stream-'));
  logFile = path.join(folder, 'main.log');
  await writeFile(logFile, ['first grüße', 'second', 'third'].map(logged).join(''));
  target = http.createServer((request, response) => {
    request.pipe(response);
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  kubelet = await kubeletStub(cluster, {
    namespace,
    port: 8080,
    target: (target.address() as AddressInfo).port,
    logFile,
  });
});
afterAll(async () => {
  await cluster.close();
  target.close();
  await rm(folder, { recursive: true });
});

/** A line as container runtimes write it. */
function logged(text: string): string {
  return `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`;
}

async function taken(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test('requests through a forwarded port come back byte for byte, many at once', async () => {
  await using forward = await portForward(cluster.client, { pod: kubelet.pod, port: 8080 });
  const bodies = Array.from({ length: 4 }, (_, each) => Buffer.alloc(3_000_000, `${each} some text that is longer `));
  const answers = await Promise.all(
    bodies.map(async (body) => {
      const response = await fetch(`http://127.0.0.1:${forward.port}/`, { method: 'POST', body });
      return Buffer.from(await response.arrayBuffer());
    }),
  );
  for (const [each, answer] of answers.entries()) expect(answer.equals(bodies[each]!)).toBe(true);
});

test('closing ends the connections and the listening', async () => {
  const forward = await portForward(cluster.client, { pod: kubelet.pod, port: 8080 });
  const socket = connect(forward.port, '127.0.0.1');
  await once(socket, 'connect');
  await forward.close();
  await once(socket, 'close');
  const refused = connect(forward.port, '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

test('a port that nothing forwards to ends its connection with the reason', async () => {
  const errors: Error[] = [];
  await using forward = await portForward(cluster.client, {
    pod: kubelet.pod,
    port: 81,
    onError: (error) => errors.push(error),
  });
  const socket = connect(forward.port, '127.0.0.1');
  socket.resume();
  await once(socket, 'close');
  expect(errors.map(({ message }) => message).join()).toMatch(/port 81: .*forwarding port 81 to pod/);
});

test('a pod that is not there, or does not run, and a port that is taken', async () => {
  const { client } = cluster;
  const none = await portForward(client, { pod: { namespace, name: 'none' }, port: 1 }).catch(
    (error: unknown) => error,
  );
  expect(isNotFound(none)).toBe(true);
  const idle = { namespace, name: 'idle' };
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: idle,
    spec: { containers: [{ name: 'c', image: 'x' }], nodeSelector: { none: 'such' } },
  });
  await expect(portForward(client, { pod: idle, port: 1 })).rejects.toMatchObject({
    code: 'POD_NOT_RUNNING',
    message: 'pod idle is Pending, so nothing can be forwarded to it',
  });
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const localPort = (holder.address() as AddressInfo).port;
  await expect(portForward(client, { pod: kubelet.pod, port: 8080, localPort })).rejects.toMatchObject({
    code: 'LISTEN',
  });
  holder.close();
});

test('a refused upgrade is told', async () => {
  const errors: Error[] = [];
  const { client } = cluster;
  const refusing = Object.assign(Object.create(client) as typeof client, {
    get: client.get.bind(client),
    connect: (_: string, open: Parameters<typeof client.connect>[1]) =>
      client.connect('/api/v1/namespaces/none/pods/none/portforward?ports=1', open),
  });
  await using forward = await portForward(refusing, {
    pod: kubelet.pod,
    port: 8080,
    onError: (error) => errors.push(error),
  });
  const socket = connect(forward.port, '127.0.0.1');
  await once(socket, 'close');
  expect(errors.some(isNotFound)).toBe(true);
});

test('the lines of a log, its tail, and what comes later', async () => {
  const lines = await taken(podLogs(cluster.client, kubelet.pod, { container: 'main' }));
  expect(lines).toEqual(['first grüße', 'second', 'third']);
  expect(await taken(podLogs(cluster.client, kubelet.pod, { tail: 1, timestamps: true }))).toEqual([
    '2026-01-01T00:00:00.000000000Z third',
  ]);
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const line of podLogs(cluster.client, kubelet.pod, { follow: true, tail: 2, signal: abort.signal })) {
    seen.push(line);
    if (line === 'third') await appendFile(logFile, logged('fourth'));
    if (line === 'fourth') abort.abort();
  }
  expect(seen).toEqual(['second', 'third', 'fourth']);
});

test('the log of a pod that is not there is an ApiError', async () => {
  const error = await taken(podLogs(cluster.client, { namespace, name: 'none' })).catch((thrown: unknown) => thrown);
  expect(isNotFound(error)).toBe(true);
});
