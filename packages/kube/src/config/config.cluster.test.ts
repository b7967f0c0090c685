import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createClient } from '../client/create-client.ts';
import type { StreamingClient } from '../client/api-client.ts';
import { isForbidden } from '../client/errors.ts';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { configMaps, roleBindings, roles, serviceAccounts } from '../resources.ts';
import { ManualClock, testCluster } from '../testing/index.ts';
import type { TestCluster } from '../testing/index.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { inClusterConfig } from './in-cluster.ts';
import { loadConfig } from './load-config.ts';

let cluster: TestCluster;
let namespace: string;
let folder: string;
const clients: StreamingClient[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
  folder = await mkdtemp(path.join(tmpdir(), 'kube-config-'));
  const { client } = cluster;
  const metadata = { name: 'reader', namespace };
  await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await client.create(roles, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
  });
  await client.create(roleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
  });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await rm(folder, { recursive: true });
  await cluster.close();
});

function clientOf(config: ClusterConfig): StreamingClient {
  const client = createClient(config, { clock: systemClock, logger: silentLogger });
  clients.push(client);
  return client;
}

async function whoAmI(client: StreamingClient): Promise<string> {
  const answer = (await client.raw('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  })) as { readonly status: { readonly userInfo: { readonly username: string } } };
  return answer.status.userInfo.username;
}

async function token(): Promise<string> {
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: 'reader', namespace },
    spec: { expirationSeconds: 600 },
  };
  const answer = (await cluster.client.create(serviceAccounts, request as never, {
    subresource: 'token',
  })) as unknown as {
    readonly status: { readonly token: string };
  };
  return answer.status.token;
}

const authority = () => Buffer.from(cluster.config.authorities() ?? '').toString('base64');

async function kubeconfig(name: string, user: unknown): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(
    file,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: cluster.config.server, 'certificate-authority-data': authority() } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace } }],
    }),
  );
  return file;
}

const reader = () => `system:serviceaccount:${namespace}:reader`;

test('a client certificate in files beside the kubeconfig', async () => {
  const credential = await cluster.config.credentials.current();
  expect(credential.certificate).toContain('BEGIN CERTIFICATE');
  await mkdir(path.join(folder, 'pki'), { recursive: true });
  await writeFile(path.join(folder, 'pki/client.crt'), credential.certificate ?? '');
  await writeFile(path.join(folder, 'pki/client.key'), credential.key ?? '');
  const file = await kubeconfig('certificate', {
    'client-certificate': 'pki/client.crt',
    'client-key': 'pki/client.key',
  });
  const config = loadConfig({ clock: systemClock, kubeconfig: file });
  expect(config).toMatchObject({ namespace, context: 'c', source: `context "c" of ${file}` });
  expect(await whoAmI(clientOf(config))).toBe(await whoAmI(cluster.client));
});

test('a token has its rights and no more', async () => {
  const client = clientOf(
    loadConfig({ clock: systemClock, kubeconfig: await kubeconfig('token', { token: await token() }) }),
  );
  expect(await whoAmI(client)).toBe(reader());
  await client.list(configMaps, { namespace });
  const refused = await client.get(configMaps, { namespace, name: 'x' }).catch((error: unknown) => error);
  expect(isForbidden(refused)).toBe(true);
});

test('a token file that was replaced is read again after a 401, also by a pod', async () => {
  const mount = path.join(folder, 'mount');
  await mkdir(mount);
  await writeFile(path.join(mount, 'token'), 'outdated');
  await writeFile(path.join(mount, 'ca.crt'), cluster.config.authorities() ?? '');
  await writeFile(path.join(mount, 'namespace'), namespace);
  const clock = new ManualClock();
  const { hostname, port } = new URL(cluster.config.server);
  const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const inPod = inClusterConfig({ clock, env, folder: mount });
  expect(inPod.namespace).toBe(namespace);
  const fromFile = loadConfig({ clock, kubeconfig: await kubeconfig('token-file', { tokenFile: 'mount/token' }) });
  for (const config of [inPod, fromFile]) {
    await writeFile(path.join(mount, 'token'), 'outdated');
    const client = clientOf(config);
    await expect(whoAmI(client)).rejects.toMatchObject({ status: { code: 401 } });
    await writeFile(path.join(mount, 'token'), `${await token()}\n`);
    expect(await whoAmI(client)).toBe(reader());
  }
});

test('an exec plugin is run once, and again after a 401', async () => {
  const answers = path.join(folder, 'answers');
  const runs = path.join(folder, 'runs');
  await writeFile(answers, 'outdated');
  await writeFile(runs, '');
  const script = `
    const { appendFileSync, readFileSync } = require('node:fs');
    appendFileSync(process.env.RUNS, process.env.KUBERNETES_EXEC_INFO + '\\n');
    const token = readFileSync(process.argv[1], 'utf8');
    console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token } }));`;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', script, answers],
    env: [{ name: 'RUNS', value: runs }],
    interactiveMode: 'Never',
    provideClusterInfo: true,
  };
  const client = clientOf(loadConfig({ clock: systemClock, kubeconfig: await kubeconfig('exec', { exec }) }));
  await expect(whoAmI(client)).rejects.toMatchObject({ status: { code: 401 } });
  await writeFile(answers, await token());
  expect(await Promise.all([whoAmI(client), whoAmI(client), whoAmI(client)])).toEqual([reader(), reader(), reader()]);
  expect(await whoAmI(client)).toBe(reader());
  const seen = (await readFile(runs, 'utf8')).trim().split('\n');
  // Once for the first call and once more for its 401, and then for the three calls at once no more than once each way.
  expect(seen.length).toBeLessThanOrEqual(4);
  expect(JSON.parse(seen[0] ?? '')).toEqual({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: cluster.config.server, 'certificate-authority-data': authority() } },
  });
});

test('kubectl understands the same files in the same way', async () => {
  const first = await kubeconfig('first', { token: await token() });
  const second = path.join(folder, 'second');
  await writeFile(
    second,
    stringify({
      'current-context': 'd',
      users: [{ name: 'u', user: { token: 'loses, as it comes second' } }],
      contexts: [{ name: 'd', context: { cluster: 'c', user: 'u', namespace: 'elsewhere' } }],
    }),
  );
  const env = { ...process.env, KUBECONFIG: [path.join(folder, 'missing'), first, second].join(path.delimiter) };
  for (const context of [undefined, 'd']) {
    const chosen = context === undefined ? [] : ['--context', context];
    const config = loadConfig({ clock: systemClock, env, ...(context === undefined ? {} : { context }) });
    const view = JSON.parse(
      execFileSync('kubectl', [...chosen, 'config', 'view', '--minify', '--raw', '-o', 'json'], {
        env,
        encoding: 'utf8',
      }),
    ) as { readonly contexts: readonly { readonly context: { readonly namespace: string } }[] };
    expect(config.namespace).toBe(view.contexts[0]?.context.namespace);
    const who = execFileSync('kubectl', [...chosen, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], {
      env,
      encoding: 'utf8',
    });
    expect(await whoAmI(clientOf(config))).toBe(who);
  }
});
