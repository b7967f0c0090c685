import { describe, expect, it } from 'vitest';
import type { Credentials } from './credentials.ts';
import { RegistryClient } from './registry.ts';
import { bytesSource } from './upload/blob-source.ts';
import { digestOf } from './digest.ts';
import { instantTiming, type SeenRequest, startStubServer, type StubServer } from './testing/stub-server.ts';

const bytes = Buffer.from('weights');
const blob = { digest: digestOf(bytes), size: bytes.length };
const form = (request: SeenRequest | undefined) => Object.fromEntries(new URLSearchParams(request?.body));

/** A registry like Azure's: a challenge, the exchange, tokens for scopes; `realm` is where it sends logins to. */
async function azureRegistry(realm?: string) {
  const granted = new Set<string>();
  const server: StubServer = await startStubServer((request, response) => {
    const { path, method, headers } = request;
    if (path === '/oauth2/exchange') {
      if (form(request)['access_token'] !== 'entra')
        return void response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED","message":"wrong audience"}]}');
      return void response.end(JSON.stringify({ refresh_token: 'refresh' }));
    }
    if (path === '/oauth2/token') {
      const { refresh_token: token, scope = '' } = form(request);
      if (token !== 'refresh') return void response.writeHead(401).end();
      granted.add(scope);
      return void response.end(JSON.stringify({ access_token: `for ${scope}` }));
    }
    const wanted = method === 'GET' ? 'repository:a/b:pull' : 'repository:a/b:pull,push';
    if (!granted.has(wanted) || headers.authorization !== `Bearer for ${wanted}`) {
      const challenge = `Bearer realm="${realm ?? server.url}/oauth2/token",service="${server.host}",scope="${wanted}"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    if (method === 'HEAD') response.writeHead(404).end();
    else if (method === 'POST') response.writeHead(202, { location: `${path}id` }).end();
    else response.writeHead(201).end();
  });
  return server;
}

const push = (server: StubServer, credentials: Credentials | undefined) =>
  new RegistryClient({ timing: instantTiming(), credentials: async () => credentials }).pushBlob(
    { registry: server.host, repository: 'a/b' },
    blob,
    bytesSource(bytes),
  );

describe('login', () => {
  it('exchanges an Entra token at an Azure registry, once for all requests of the same rights', async () => {
    await using server = await azureRegistry();
    expect((await push(server, { kind: 'entra', token: 'entra', tenant: 'contoso' })).how).toBe('uploaded');
    const exchanges = server.requests.filter(({ path }) => path === '/oauth2/exchange');
    expect(exchanges.map(form)).toEqual([
      { grant_type: 'access_token', service: server.host, tenant: 'contoso', access_token: 'entra' },
    ]);
    const tokens = server.requests.filter(({ path }) => path === '/oauth2/token').map(form);
    expect(tokens).toEqual([
      expect.objectContaining({ grant_type: 'refresh_token', scope: 'repository:a/b:pull,push' }),
    ]);
  });

  it('gives an Entra token to no other host than the registry', async () => {
    await using other = await startStubServer((_, response) => void response.end('{}'));
    await using server = await azureRegistry(other.url);
    await expect(push(server, { kind: 'entra', token: 'entra' })).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(other.requests).toEqual([]);
    expect(JSON.stringify(server.requests)).not.toContain('access_token=entra');
  });

  it('names the role that an identity lacks', async () => {
    await using server = await azureRegistry();
    await expect(push(server, { kind: 'entra', token: 'of another tenant' })).rejects.toMatchObject({
      code: 'Unauthorized',
      remedy: expect.stringContaining('AcrPush'),
    });
  });

  it('reads without a login that is refused where nobody gave it for this registry, and never pushes without', async () => {
    await using server = await startStubServer(({ path, method, headers }, response) => {
      if (path === '/oauth2/exchange') return void response.writeHead(401).end();
      if (path.startsWith('/oauth2/token')) return void response.end('{"access_token":"anonymous"}');
      const reads = method === 'GET' && headers.authorization === 'Bearer anonymous';
      if (reads) return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"tags":["v1"]}');
      const challenge = `Bearer realm="${server.url}/oauth2/token",service="${server.host}"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    const login = { kind: 'entra', token: 'of somebody' } as const;
    const list = async (credentials: Credentials) => {
      const client = new RegistryClient({ timing: instantTiming(), credentials: async () => credentials });
      const tags: string[] = [];
      for await (const tag of client.tags({ registry: server.host, repository: 'a/b' })) tags.push(tag);
      return tags;
    };
    expect(await list({ ...login, ambient: true })).toEqual(['v1']);
    await expect(list(login)).rejects.toMatchObject({ code: 'Unauthorized' });
    await expect(push(server, { ...login, ambient: true })).rejects.toMatchObject({
      code: 'Unauthorized',
      remedy: expect.stringContaining('AcrPush'),
    });
  });

  it('tells a login that may not push from none at all', async () => {
    await using server = await startStubServer((request, response) => {
      if (request.path.startsWith('/token')) return void response.end('{"token":"reads only"}');
      const challenge = `Bearer realm="${server.url}/token",service="s",error="insufficient_scope"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    await expect(push(server, { kind: 'basic', username: 'a', password: 'b' })).rejects.toMatchObject({
      code: 'Denied',
    });
  });

  it('takes a refused password for a wrong one', async () => {
    await using server = await startStubServer(
      (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(),
    );
    await expect(push(server, { kind: 'basic', username: 'a', password: 'wrong' })).rejects.toMatchObject({
      code: 'Unauthorized',
      remedy: expect.stringContaining('docker login'),
    });
  });

  it('renews a token before it sends a chunk with one that has run out', async () => {
    let tokens = 0;
    await using server = await startStubServer((request, response) => {
      if (request.path.startsWith('/token')) {
        tokens += 1;
        // It has run out when it comes: each request needs a new one.
        for (const now = Date.now(); Date.now() === now;);
        return void response.end(JSON.stringify({ token: `t${tokens}`, expires_in: 0.000001 }));
      }
      if (request.headers.authorization !== `Bearer t${tokens}`) {
        return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
      }
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') response.writeHead(202, { location: '/upload' }).end();
      else response.writeHead(201).end();
    });
    await push(server, undefined);
    const bare = server.requests.filter(
      ({ path, headers }) => path !== '/token' && !path.startsWith('/token?') && headers.authorization === undefined,
    );
    expect(bare).toHaveLength(1);
    expect(tokens).toBe(3);
  });

  it('sends no login to an upload address elsewhere', async () => {
    await using store = await startStubServer((_, response) => void response.writeHead(201).end());
    await using server = await startStubServer((request, response) => {
      if (request.headers.authorization === undefined) {
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      }
      if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `${store.url}/upload?signature=s` }).end();
    });
    expect((await push(server, { kind: 'basic', username: 'a', password: 'b' })).how).toBe('uploaded');
    expect(store.requests.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      ['PUT', `/upload?signature=s&digest=${encodeURIComponent(blob.digest)}`, undefined],
    ]);
  });
});
