import { randomBytes } from 'node:crypto';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient, type HttpResponse } from './http.ts';
import { serveBytes, startStubServer } from './testing/stub-server.ts';

const bytes = randomBytes(3_000_000);
const clients: HttpClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function get(
  url: string,
  options: { idleTimeoutMs?: number; environment?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
) {
  const client = new HttpClient({ environment: {}, ...options });
  clients.push(client);
  return client.send({ url: new URL(url), large: true, headers: { authorization: 'mine' }, signal: options.signal });
}

async function read({ body }: HttpResponse): Promise<Buffer> {
  const parts: Buffer[] = [];
  // A piece is good only until the next one.
  for await (const part of body) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

describe('a large body', () => {
  it('comes whole, in pieces of one buffer', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, bytes));
    const response = await get(`${server.url}/blob?x=1`);
    expect(response).toMatchObject({ status: 200, headers: { 'content-length': String(bytes.length) } });
    expect((await read(response)).equals(bytes)).toBe(true);
    expect(server.requests).toEqual([
      expect.objectContaining({
        path: '/blob?x=1',
        headers: expect.objectContaining({ authorization: 'mine', host: server.host }),
      }),
    ]);
  });

  it('follows redirects, and leaves the login behind', async () => {
    await using store = await startStubServer((request, response) => serveBytes(request, response, bytes));
    await using server = await startStubServer(
      (_, response) => void response.writeHead(307, { location: `${store.url}/there` }).end('moved'),
    );
    const response = await get(server.url);
    expect((await read(response)).equals(bytes)).toBe(true);
    expect(response.url.href).toBe(`${store.url}/there`);
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    ['of unknown length', { chunked: true }],
    ['of no bytes', { empty: true }],
  ])('%s comes too', async (_, { chunked = false, empty = false }: { chunked?: boolean; empty?: boolean }) => {
    const content = empty ? Buffer.alloc(0) : bytes;
    await using server = await startStubServer((request, response) =>
      serveBytes(request, response, content, { chunked }),
    );
    expect((await read(await get(server.url))).equals(content)).toBe(true);
  });

  it('gives errors as they are', async () => {
    await using server = await startStubServer((_, response) => void response.writeHead(404).end('gone'));
    const response = await get(server.url);
    expect(response.status).toBe(404);
    expect((await read(response)).toString()).toBe('gone');
  });

  it('that is cut says so', async () => {
    await using server = await startStubServer((request, response) =>
      serveBytes(request, response, bytes, { cutAfter: 1_000_000 }),
    );
    await expect(get(server.url).then(read)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    await using server = await startStubServer((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('half');
    });
    const response = await get(server.url, { signal: stop.signal });
    const reading = read(response);
    stop.abort();
    await expect(reading).rejects.toThrow('aborted');
    await expect(get(server.url, { signal: stop.signal })).rejects.toMatchObject({ code: 'Aborted' });
  });

  it('from a silent server, or from none, is not waited for without end', async () => {
    await using server = await startStubServer(() => {});
    await expect(get(server.url, { idleTimeoutMs: 20 })).rejects.toMatchObject({ code: 'NetworkUnreachable' });
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'NetworkUnreachable',
      retryable: false,
    });
  });

  it('goes by the proxy where one is named', async () => {
    await using proxy = await startStubServer((request, response) => serveBytes(request, response, bytes));
    const response = await get('http://127.0.0.1:1/blob', { environment: { HTTP_PROXY: proxy.url } });
    expect((await read(response)).equals(bytes)).toBe(true);
  });
});
