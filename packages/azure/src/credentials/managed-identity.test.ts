import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createWire } from '../azure.ts';
import { JumpingClock } from '../testing/stub-azure.ts';
import { managedIdentity } from './managed-identity.ts';

/** A metadata service: plain http, as on a machine of Azure. */
async function metadataService(answer: (request: http.IncomingMessage) => readonly [status: number, body: object]) {
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request);
    const [status, body] = answer(request);
    response.writeHead(status).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const wire = () => createWire({ clock: new JumpingClock() });

test('a machine asks its metadata service', async () => {
  const expires = Date.parse('2026-01-02T00:00:00Z');
  await using service = await metadataService(() => [200, { access_token: 't', expires_on: String(expires / 1000) }]);
  const credential = managedIdentity(wire(), { metadata: `${service.url}/`, clientId: 'c' });
  expect(await credential.token('https://arm')).toEqual({ value: 't', expiresAt: expires });
  expect(service.seen[0]!.url).toBe(
    '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Farm&client_id=c',
  );
  expect(service.seen[0]!.headers.metadata).toBe('true');
});

test('App Service and alike are asked at their endpoint', async () => {
  await using service = await metadataService(() => [200, { access_token: 't', expires_in: 600 }]);
  const endpoint = { url: `${service.url}/msi/token`, header: 'h' };
  await managedIdentity(wire(), { endpoint }).token('https://arm');
  expect(service.seen[0]!.url).toBe('/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Farm');
  expect(service.seen[0]!.headers['x-identity-header']).toBe('h');
});

test('a machine without the identity, and a service that is busy, are told apart', async () => {
  await using none = await metadataService(() => [
    400,
    { error: 'invalid_request', error_description: 'Identity not found' },
  ]);
  const missing = managedIdentity(wire(), { metadata: none.url, clientId: 'c' }).token('a');
  await expect(missing).rejects.toMatchObject({
    code: 'LoginRefused',
    message: 'the machine has no managed identity c: Identity not found',
  });
  await using busy = await metadataService(() => [503, {}]);
  await expect(managedIdentity(wire(), { metadata: busy.url }).token('a')).rejects.toMatchObject({
    code: 'ServerError',
    retry: 'soon',
  });
  expect(busy.seen).toHaveLength(4);
});

test('where no service answers there is no credential', async () => {
  const service = await metadataService(() => [200, {}]);
  await service[Symbol.asyncDispose]();
  const token = managedIdentity(wire(), { metadata: service.url, probeMs: 1000 }).token('a');
  await expect(token).rejects.toMatchObject({ code: 'NoCredential' });
  await expect(managedIdentity(wire(), { metadata: 'nowhere' }).token('a')).rejects.toMatchObject({
    code: 'NoCredential',
  });
});
