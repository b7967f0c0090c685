import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { emptyContent, putBlob, putManifest, serveRegistry } from '@kaito/oci/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { network, signCertificate } from '../certificates.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { kubectl } from '../nodes.ts';
import { acrCredentialProvider, ensureAcrCredentialProvider } from './acr-credential-provider.ts';
import { setHosts } from './name-server.ts';
import { addRealNode } from './nodes.ts';
import { ensureNodePrograms } from './programs.ts';
import { checkRealNodes } from './requirements.ts';
import { tar } from './tar.ts';

const reason = await checkRealNodes().then(
  () => undefined,
  (error: Error) => error.message,
);

const identity = { clientId: 'c0ffee00-0000-4000-8000-000000000001', tenantId: 'the-tenant', subscriptionId: 's' };
const metadata = '169.254.169.254';
const [publicRegistry, dockerHub, privateRegistry] = [
  'mcr.microsoft.com',
  'registry-1.docker.io',
  'kaitolab.azurecr.io',
];

/** An image of one program, under any name. */
function image(program: string) {
  const content = emptyContent();
  const layer = tar([{ path: 'probe', content: readFileSync(program), mode: 0o755 }]);
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  const layers = [putBlob(content, layer, undefined, mediaType)];
  const document = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Entrypoint: ['/probe', 'serve', '8080'] },
    rootfs: { type: 'layers', diff_ids: [layers[0]!.digest] },
  };
  const bytes = Buffer.from(JSON.stringify(document));
  const config = putBlob(content, bytes, undefined, 'application/vnd.oci.image.config.v1+json');
  putManifest(content, { config, layers }, undefined, '1');
  return content;
}

/** The metadata service of Azure's machines: the token of the one identity that this machine has. */
function answerMetadata(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, `http://${metadata}`);
  const fits =
    url.pathname === '/metadata/identity/oauth2/token' &&
    request.headers['metadata'] === 'true' &&
    url.searchParams.get('resource') === 'https://containerregistry.azure.net' &&
    url.searchParams.get('client_id') === identity.clientId;
  response.statusCode = fits ? 200 : 400;
  response.setHeader('content-type', 'application/json');
  const expires = { expires_in: '3600', expires_on: String(Math.floor(Date.now() / 1000) + 3600) };
  response.end(
    JSON.stringify(
      fits
        ? { access_token: 'token-of-the-machine', token_type: 'Bearer', ...expires }
        : { error: 'invalid_request', error_description: 'Identity not found' },
    ),
  );
}

/** Registries that serve one image to all, but for Azure's, which wants to know who asks. */
function registries(content: ReturnType<typeof image>, served: string[]) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { host = '', authorization } = request.headers;
    const { method = 'GET', url: path = '' } = request;
    const body = await text(request);
    const form = new URLSearchParams(body);
    const says = (answer: object): unknown => response.end(JSON.stringify(answer));
    response.setHeader('content-type', 'application/json');
    if (host === privateRegistry && path === '/oauth2/exchange') {
      const fits = form.get('access_token') === 'token-of-the-machine' && form.get('tenant') === identity.tenantId;
      response.statusCode = fits ? 200 : 401;
      says({ refresh_token: 'refresh' });
    } else if (host === privateRegistry && path === '/oauth2/token') {
      response.statusCode = form.get('password') === 'refresh' ? 200 : 401;
      says({ access_token: 'pull' });
    } else if (host === privateRegistry && authorization !== 'Bearer pull') {
      response.statusCode = 401;
      response.setHeader('www-authenticate', `Bearer realm="https://${host}/oauth2/token",service="${host}"`);
      says({ errors: [{ code: 'UNAUTHORIZED' }] });
    } else {
      served.push(host);
      response.removeHeader('content-type');
      serveRegistry(content, { method, path, headers: request.headers, body }, response);
    }
  };
}

const pod = (name: string, reference: string, nodeName: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'probe', image: reference }] },
});

async function listening(server: Server, path: string): Promise<Server> {
  server.listen(path);
  await once(server, 'listening');
  return server;
}

describe.skipIf(reason !== undefined)(
  `registries by their own names${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    const work = mkdtempSync(join(tmpdir(), 'registries-'));
    const servers: Server[] = [];
    const served: string[] = [];
    let lab: ControlPlane;

    beforeAll(async () => {
      const programs = await ensureNodePrograms(() => {});
      const provider = await ensureAcrCredentialProvider(() => {});
      lab = await startControlPlane({
        outlets: [
          { address: metadata, port: 80, socket: join(work, 'metadata') },
          { address: network.address, port: 443, socket: join(work, 'registries') },
        ],
      });
      const pki = join(lab.directory, 'pki');
      const names = [publicRegistry, dockerHub, privateRegistry].map((name) => `DNS:${name}`);
      await signCertificate(work, { name: 'server', subject: '/CN=registries', usage: 'serverAuth', names }, 100, pki);
      const tls = { cert: readFileSync(join(work, 'server.crt')), key: readFileSync(join(work, 'server.key')) };
      servers.push(
        await listening(createServer(answerMetadata), join(work, 'metadata')),
        await listening(createTlsServer(tls, registries(image(programs.probe), served)), join(work, 'registries')),
      );
      const at = network.address;
      setHosts(lab, { [publicRegistry]: at, [dockerHub]: at, [privateRegistry]: at });
      const authorities = [join(pki, 'ca.crt')];
      const access = (folder: string, clientId: string) => ({
        authorities,
        credentialProvider: acrCredentialProvider(join(work, folder), provider, { ...identity, clientId }),
      });
      await Promise.all([
        addRealNode(lab, { name: 'known', registry: access('known', identity.clientId) }),
        addRealNode(lab, { name: 'unknown', registry: access('unknown', 'c0ffee00-0000-4000-8000-000000000002') }),
      ]);
    });

    afterAll(async () => {
      await lab?.stop();
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(work, { recursive: true, force: true });
    });

    test("images come over HTTPS from the names that they bear, from Azure's with the machine's identity alone", async () => {
      const items = [
        pod('public', `${publicRegistry}/team/probe:1`, 'known'),
        pod('hub', 'probe:1', 'known'),
        pod('private', `${privateRegistry}/team/probe:1`, 'known'),
        pod('stranger', `${privateRegistry}/team/probe:1`, 'unknown'),
      ];
      await kubectl(lab, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      await kubectl(lab, ['wait', '--for=condition=Ready', 'pod/public', 'pod/hub', 'pod/private', '--timeout=90s']);
      expect(new Set(served)).toEqual(new Set([publicRegistry, dockerHub, privateRegistry]));
      const refused = '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff';
      await kubectl(lab, ['wait', refused, 'pod/stranger', '--timeout=90s']);
      const said = await kubectl(lab, ['get', 'events', '--field-selector=involvedObject.name=stranger']);
      expect(said).toContain('401 Unauthorized');
    });
  },
);
