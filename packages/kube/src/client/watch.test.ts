import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { configMaps } from '../resources.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { refuse, stubServer } from '../testing/stub-server.ts';
import type { StubHandler, StubServer } from '../testing/stub-server.ts';
import type { StreamingClient } from './api-client.ts';
import { createClient } from './create-client.ts';
import { ApiError, ConnectionError, isExpired } from './errors.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function start(
  handler: StubHandler,
  clock = systemClock,
): Promise<{ server: StubServer; client: StreamingClient }> {
  const server = await stubServer(handler);
  const client = createClient(server.config, { clock, logger: silentLogger });
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client };
}

const line = (type: string, name: string, resourceVersion: string) =>
  `${JSON.stringify({ type, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, resourceVersion } } })}\n`;

async function taken<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test('events come whole from any chunks, bookmarks are asked for, and the server’s end is an end', async () => {
  const text =
    line('ADDED', 'grüße-漢字-🚀', '1') +
    line('MODIFIED', 'b', '2') +
    `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '3', annotations: { 'k8s.io/initial-events-end': 'true' } } } })}\n` +
    line('DELETED', 'b', '4');
  const { client, server } = await start((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
    response.end();
  });
  const events = await taken(
    client.watch(configMaps, { namespace: 'n', resourceVersion: '0', timeoutSeconds: 9, labelSelector: 'a=b' }),
  );
  expect(events.map((event) => (event.type === 'BOOKMARK' ? event : [event.type, event.object.metadata.name]))).toEqual(
    [
      ['ADDED', 'grüße-漢字-🚀'],
      ['MODIFIED', 'b'],
      { type: 'BOOKMARK', resourceVersion: '3', initialEventsEnd: true },
      ['DELETED', 'b'],
    ],
  );
  expect(server.requests[0]?.url).toBe(
    '/api/v1/namespaces/n/configmaps?watch=true&allowWatchBookmarks=true&labelSelector=a%3Db&resourceVersion=0&timeoutSeconds=9',
  );
});

test('the initial events can be asked for', async () => {
  const { client, server } = await start((_, response) => response.end());
  await taken(client.watch(configMaps, { sendInitialEvents: true }));
  expect(server.requests[0]?.url).toContain('sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
});

test('an ERROR event is an ApiError and ends the connection', async () => {
  const { client, server } = await start((_, response) => {
    response.writeHead(200);
    response.write(
      `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (5)' } })}\n`,
    );
  });
  const error = await taken(client.watch(configMaps, { resourceVersion: '1' })).catch((thrown: unknown) => thrown);
  expect(isExpired(error)).toBe(true);
  expect((error as ApiError).message).toBe('watch configmaps: too old resource version: 1 (5)');
  await server.allClosed();
});

test('a refusal is an ApiError', async () => {
  const { client } = await start((_, response) => refuse(response, 403, 'Forbidden'));
  await expect(taken(client.watch(configMaps, {}))).rejects.toMatchObject({ status: { reason: 'Forbidden' } });
});

test('a connection that breaks off is a ConnectionError, after what came', async () => {
  const { client } = await start((_, response, socket) => {
    response.writeHead(200);
    response.write(line('ADDED', 'a', '1'), () => setImmediate(() => socket.destroy()));
  });
  const events = client.watch(configMaps, {})[Symbol.asyncIterator]();
  expect((await events.next()).value).toMatchObject({ type: 'ADDED' });
  await expect(events.next()).rejects.toBeInstanceOf(ConnectionError);
});

test('what is no JSON is a ConnectionError', async () => {
  const { client } = await start((_, response) => response.end('<html>\n'));
  await expect(taken(client.watch(configMaps, {}))).rejects.toMatchObject({ code: 'PROTOCOL' });
});

test('abort ends it without an error, before, while and after it opens, and leaves no connection', async () => {
  const aborts = [new AbortController(), new AbortController(), new AbortController()];
  let turn = 0;
  const { client, server } = await start((_, response) => {
    turn += 1;
    if (turn === 1) aborts[1]?.abort();
    else {
      response.writeHead(200);
      response.write(line('ADDED', 'a', '1') + line('ADDED', 'b', '2'));
    }
  });
  aborts[0]!.abort();
  expect(await taken(client.watch(configMaps, { signal: aborts[0]!.signal }))).toEqual([]);
  expect(server.requests).toHaveLength(0);
  expect(await taken(client.watch(configMaps, { signal: aborts[1]!.signal }))).toEqual([]);
  let seen = 0;
  for await (const _ of client.watch(configMaps, { signal: aborts[2]!.signal })) {
    seen += 1;
    aborts[2]!.abort();
  }
  expect(seen).toBe(1);
  await server.allClosed();
});

test('leaving the loop leaves no connection', async () => {
  const { client, server } = await start((_, response) => {
    response.writeHead(200);
    response.write(line('ADDED', 'a', '1'));
  });
  for await (const _ of client.watch(configMaps, {})) break;
  await server.allClosed();
});

test('silence beyond the server’s own limit is a ConnectionError', async () => {
  const clock = new ManualClock();
  const { client, server } = await start((_, response) => {
    response.writeHead(200);
    response.write(line('ADDED', 'a', '1'));
  }, clock);
  const events = client.watch(configMaps, { timeoutSeconds: 60 })[Symbol.asyncIterator]();
  await events.next();
  const next = events.next().then(
    () => undefined,
    (error: unknown) => error,
  );
  await settled();
  clock.advance(80_000);
  expect(await next).toMatchObject({ name: 'ConnectionError', code: 'TIMEOUT' });
  await server.allClosed();
  expect(clock.pending).toBe(0);
});

test('a slow reader holds the server back', async () => {
  let written = 0;
  let blocked = false;
  const { client } = await start((_, response) => {
    response.writeHead(200);
    const big = line('ADDED', 'x'.repeat(100_000), '1');
    const more = () => {
      while (written < 500) {
        written += 1;
        if (!response.write(big)) {
          blocked = true;
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  const events = client.watch(configMaps, {})[Symbol.asyncIterator]();
  await events.next();
  // Everything that moves without the reader has moved when the written count stands still.
  let before = -1;
  while (before !== written) {
    before = written;
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  }
  expect(blocked).toBe(true);
  expect(written).toBeLessThan(500);
  let count = 1;
  while ((await events.next()).done !== true) count += 1;
  expect(count).toBe(500);
});
