import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { cluster, clusterId } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';
import type { Reply, StubAzure } from '../testing/stub-azure.ts';

const program = fileURLToPath(new URL('gpu-pool.ts', import.meta.url));
const folder = await mkdtemp(path.join(tmpdir(), 'azure-'));
afterAll(() => rm(folder, { recursive: true }));

/** Azure as far as the program needs it, with `put` as answer to its PUT. */
function azureWith(put: (origin: string) => Reply): Promise<StubAzure> {
  const stub: Promise<StubAzure> = stubAzure(({ method, url, headers }) => {
    const origin = `https://${headers.host}`;
    if (url.startsWith('/metadata/endpoints'))
      return { body: { name: 'Stub', authentication: { loginEndpoint: origin, audiences: [origin] }, suffixes: {} } };
    if (url.endsWith('/token')) return { body: { access_token: 't', expires_in: 3600 } };
    return method === 'PUT' ? put(origin) : { body: { status: 'Succeeded' } };
  });
  return stub;
}

async function run(stub: StubAzure) {
  const authorities = path.join(folder, 'ca.crt');
  await writeFile(authorities, stub.certificate);
  const { subscriptionId, resourceGroup, name } = cluster;
  const child = spawn(process.execPath, [program, subscriptionId, resourceGroup, name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      NODE_EXTRA_CA_CERTS: authorities,
      ARM_ENDPOINT: `${stub.origin}/`,
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_ID: 'client',
      AZURE_CLIENT_SECRET: 'secret',
    },
  });
  const exited = once(child, 'exit') as Promise<[code: number]>;
  const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, output, complaint };
}

test('the README shows this program', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const source = (await readFile(program, 'utf8')).replaceAll('../index.ts', '@kaito/azure');
  expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
});

test('it finds its cloud and its identity in the environment, and makes a pool', async () => {
  const body = { id: `${clusterId}/agentPools/gpu1`, name: 'gpu1', properties: { provisioningState: 'Creating' } };
  await using stub = await azureWith((origin) => ({
    status: 201,
    body,
    headers: { 'azure-asyncoperation': `${origin}/subscriptions/sub/operation`, 'retry-after': '0' },
  }));
  expect(await run(stub)).toEqual({ code: 0, output: 'gpu1 is there\n', complaint: '' });
  expect(stub.seen.map(({ method, url }) => `${method} ${url.split('?')[0]}`)).toEqual([
    'GET /metadata/endpoints',
    'POST /tenant/oauth2/v2.0/token',
    `PUT ${clusterId}/agentPools/gpu1`,
    'GET /subscriptions/sub/operation',
  ]);
});

test('it says what is wrong and what mends it', async () => {
  await using stub = await azureWith(() => refusal(409, 'OperationNotAllowed', 'The managed cluster is stopped.'));
  expect(await run(stub)).toEqual({
    code: 1,
    output: '',
    complaint:
      'ClusterStopped: the cluster kaito is stopped (OperationNotAllowed)\naz aks start --name kaito --resource-group rg\n',
  });
});
