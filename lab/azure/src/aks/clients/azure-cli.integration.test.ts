import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureAzureCli } from '../../azure-cli/install.ts';
import { logIn } from '../../azure-cli/login.ts';
import type { RunningAzure } from '../../running-azure.ts';
import { startAzure } from '../../setup.ts';
import { noKubernetes } from '../driver/none.ts';

/** The Azure CLI, unmodified, over the life of a cluster and its pools. */

const run = promisify(execFile);
const g = ['-g', 'KaitoLab'] as const;
const cluster = [...g, '-n', 'kaito'] as const;
const pools = [...g, '--cluster-name', 'kaito'] as const;

let home: string;
let azure: RunningAzure;
let bin: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  bin = await ensureAzureCli(() => {});
  home = mkdtempSync(join(tmpdir(), 'aks-az-'));
  azure = await startAzure({ driver: noKubernetes, operationMs: 50 });
  environment = { ...process.env, ...azure.environment, HOME: home };
  await logIn(azure, bin, environment);
  await az('group', 'create', '-n', 'KaitoLab', '-l', 'westus3');
}, 900_000);

afterAll(async () => {
  await azure?.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Shown {
  readonly [name: string]: unknown;
}

async function az<T = Shown>(...args: readonly string[]): Promise<T> {
  const { stdout } = await run(join(bin, 'az'), [...args, '-o', 'json'], { env: environment });
  return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as T;
}

/** What the CLI says when it fails. */
async function azFails(...args: readonly string[]): Promise<string> {
  const failure = await run(join(bin, 'az'), args, { env: environment }).then(
    () => undefined,
    (error: { readonly stderr: string }) => error.stderr,
  );
  if (failure === undefined) throw new Error(`az ${args.join(' ')} did not fail`);
  return failure;
}

test('a cluster is made, shown, changed, listed, stopped, started and deleted', { timeout: 300_000 }, async () => {
  const created = await az(
    'aks',
    'create',
    ...cluster,
    '--enable-oidc-issuer',
    '--enable-ai-toolchain-operator',
    '--no-ssh-key',
  );
  expect(created).toMatchObject({
    name: 'kaito',
    provisioningState: 'Succeeded',
    aiToolchainOperatorProfile: { enabled: true },
  });
  const show = (query: string) => az<string>('aks', 'show', ...cluster, '--query', query);
  const nodeGroup = await show('nodeResourceGroup');
  expect(nodeGroup).toBe('MC_KaitoLab_kaito_westus3');
  expect(await show('oidcIssuerProfile.issuerUrl')).toContain(`${azure.endpoint}/oidc/`);
  const identity = await az('identity', 'show', '-n', 'ai-toolchain-operator-kaito', '-g', nodeGroup);
  expect(identity['principalId']).toMatch(/^[0-9a-f-]{36}$/);

  const config = join(home, 'config');
  await az('aks', 'get-credentials', ...cluster, '-f', config);
  await az('aks', 'get-credentials', ...cluster, '-f', config, '--admin');
  const written = readFileSync(config, 'utf8');
  for (const name of ['clusterUser_KaitoLab_kaito', 'clusterAdmin_KaitoLab_kaito', 'kaito-admin'])
    expect(written).toContain(name);

  expect(await az('aks', 'update', ...cluster, '--disable-ai-toolchain-operator')).toMatchObject({
    provisioningState: 'Succeeded',
    aiToolchainOperatorProfile: { enabled: false },
    agentPoolProfiles: [{ name: 'nodepool1', count: 3 }],
  });
  expect(await azFails('identity', 'show', '-n', 'ai-toolchain-operator-kaito', '-g', nodeGroup)).toContain(
    'ResourceNotFound',
  );
  expect(await az('aks', 'update', ...cluster, '--tags', 'a=b')).toMatchObject({ tags: { a: 'b' } });
  expect(await az('aks', 'list')).toEqual([expect.objectContaining({ name: 'kaito' })]);
  await az('aks', 'stop', ...cluster);
  expect(await show('powerState.code')).toBe('Stopped');
  await az('aks', 'start', ...cluster);
  expect(await show('powerState.code')).toBe('Running');
  await az('aks', 'delete', ...cluster, '--yes');
  expect(await azFails('aks', 'show', ...cluster)).toContain('ResourceNotFound');
  expect(await az('group', 'exists', '-n', nodeGroup)).toBe(false);
});

test(
  'pools are added, scaled, listed and deleted; usages count them; a quota stops them',
  { timeout: 300_000 },
  async () => {
    await az('aks', 'create', ...cluster, '--node-count', '1', '--no-ssh-key');
    const size = 'Standard_NC64as_T4_v3';
    const add = (name: string, ...more: readonly string[]): readonly string[] => [
      'aks',
      'nodepool',
      'add',
      ...pools,
      '-n',
      name,
      '--node-count',
      '1',
      '--node-vm-size',
      size,
      ...more,
    ];
    expect(
      await az(...add('gpu', '--node-taints', 'sku=gpu:NoSchedule', '--labels', 'a=b', '--zones', '1')),
    ).toMatchObject({
      name: 'gpu',
      provisioningState: 'Succeeded',
      nodeTaints: ['sku=gpu:NoSchedule'],
      availabilityZones: ['1'],
    });
    expect(await az(...add('spot', '--priority', 'Spot', '--eviction-policy', 'Delete'))).toMatchObject({
      scaleSetPriority: 'Spot',
    });
    expect(await az('aks', 'nodepool', 'scale', ...pools, '-n', 'gpu', '--node-count', '2')).toMatchObject({
      count: 2,
    });
    expect(await az('aks', 'nodepool', 'show', ...pools, '-n', 'gpu')).toMatchObject({ count: 2 });
    expect(await az('aks', 'nodepool', 'list', ...pools)).toMatchObject([
      { name: 'nodepool1' },
      { name: 'gpu' },
      { name: 'spot' },
    ]);

    const usages = await az<readonly Shown[]>('vm', 'list-usage', '-l', 'westus3');
    expect(usages).toContainEqual(
      expect.objectContaining({ localName: 'Standard NCASv3_T4 Family vCPUs', currentValue: '128' }),
    );
    const quota = `/compute/quotas/${azure.subscriptionId}/westus3/${encodeURIComponent('Standard NCASv3_T4 Family')}`;
    const headers = { 'content-type': 'application/json' };
    const set = await fetch(`${azure.admin}${quota}`, { method: 'PUT', headers, body: '{"limit":130}' });
    expect(set.status).toBe(204);
    expect(await azFails(...add('gpu2'))).toContain(
      '(ErrCode_InsufficientVCPUQuota) Insufficient vcpu quota requested 64, remaining 2 for family Standard NCASv3_T4 Family for region westus3.',
    );
    const skus = await az<readonly Shown[]>('vm', 'list-skus', '-l', 'westus3', '--size', 'Standard_NC64as');
    expect(skus).toMatchObject([{ name: size, family: 'Standard NCASv3_T4 Family' }]);
    await az('aks', 'nodepool', 'delete', ...pools, '-n', 'gpu');
    expect(await azFails('aks', 'nodepool', 'show', ...pools, '-n', 'gpu')).toContain('Agent Pool not found');
  },
);
