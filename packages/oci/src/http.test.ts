import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { HttpClient, isLoopback, readBody } from './http.ts';
import { startStubServer } from './testing/stub-server.ts';

const http = new HttpClient({ connectTimeoutMs: 200, idleTimeoutMs: 200, environment: {} });
afterAll(() => http.close());

describe('HttpClient', () => {
  it('follows a redirect to another host without the login', async () => {
    await using target = await startStubServer((_, response) => response.end('there'));
    await using server = await startStubServer((_, response) =>
      response.writeHead(307, { location: `${target.url}/blob` }).end(),
    );
    const response = await http.send({
      url: new URL(server.url),
      headers: { authorization: 'Bearer secret', range: 'bytes=3-' },
    });
    expect((await readBody(response, 100)).toString()).toBe('there');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret');
    expect(target.requests[0]?.headers).toMatchObject({ range: 'bytes=3-' });
    expect(target.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('keeps the login on a redirect within the same origin', async () => {
    await using server = await startStubServer((request, response) =>
      request.path === '/'
        ? response.writeHead(302, { location: '/moved' }).end() && undefined
        : void response.end('x'),
    );
    const response = await http.send({ url: new URL(server.url), headers: { authorization: 'Bearer secret' } });
    await readBody(response, 10);
    expect(server.requests[1]?.headers.authorization).toBe('Bearer secret');
  });

  it('returns a redirect to another host when told to stay', async () => {
    await using server = await startStubServer((_, response) =>
      response.writeHead(302, { location: 'https://elsewhere.invalid/' }).end(),
    );
    const response = await http.send({ url: new URL(server.url), redirect: 'same-host' });
    expect(response.status).toBe(302);
    response.body.destroy();
  });

  it('gives up on redirects in a circle', async () => {
    await using server = await startStubServer((_, response) => response.writeHead(302, { location: '/' }).end());
    await expect(http.send({ url: new URL(server.url) })).rejects.toMatchObject({ code: 'ServerError' });
  });

  it.each(['http://registry.example/', 'file:///etc/passwd', 'ftp://x/'])('refuses %s', async (url) => {
    await expect(http.send({ url: new URL(url) })).rejects.toMatchObject({
      code: url.startsWith('http:') ? 'PlainHttpRefused' : 'InvalidReference',
    });
  });

  it('refuses to be led from this machine to plain http elsewhere', async () => {
    await using server = await startStubServer((_, response) =>
      response.writeHead(302, { location: 'http://elsewhere.invalid/' }).end(),
    );
    await expect(http.send({ url: new URL(server.url) })).rejects.toMatchObject({ code: 'PlainHttpRefused' });
  });

  it('says at once that nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const failed = http.send({ url: new URL(`http://127.0.0.1:${port}/`) });
    await expect(failed).rejects.toMatchObject({ code: 'NetworkUnreachable', retryable: false });
  });

  it('gives up on a server that accepts and stays silent', async () => {
    await using server = await startStubServer(() => {});
    const failed = http.send({ url: new URL(server.url) });
    await expect(failed).rejects.toMatchObject({ code: 'NetworkUnreachable', retryable: true });
  });

  it('bounds what it reads of a small body', async () => {
    await using server = await startStubServer((_, response) => response.end('x'.repeat(1000)) && undefined);
    const response = await http.send({ url: new URL(server.url) });
    await expect(readBody(response, 100)).rejects.toMatchObject({ code: 'ServerError' });
  });
});

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'a.localhost'])('knows %s', (name) =>
    expect(isLoopback(name)).toBe(true),
  );
  it.each(['localhost.example', '128.0.0.1', '127.0.0.1.nip.io', '[::2]'])('is not fooled by %s', (name) =>
    expect(isLoopback(name)).toBe(false),
  );
});
