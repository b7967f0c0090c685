import { findCondition, isTrue } from '@kaito/api';
import { type Live, pods } from '@kaito/kube';
import { eventually } from '@kaito/kube/testing';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Aks, aks } from './testing/aks.ts';
import { failPull } from './testing/pulls.ts';

let it: Aks;
let principalId: string;
const identities = '2023-01-31';
const deployment = 'deployment/kaito-gpu-provisioner -n kaito-system';
const setup = ['azure', 'setup', '-g', 'KaitoLab', '-n', 'kaito', '--yes'] as const;
const phi = {
  apiVersion: 'kaito.sh/v1beta1',
  machine: 'Standard_NC4as_T4_v3',
  inference: { preset: { name: 'phi-2' } },
} as const;

beforeAll(async () => {
  it = await aks();
});
afterAll(() => it.close());

/** Resource id of what setup makes. */
const identity = () =>
  `${it.id.replace(/\/providers\/.*/, '')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kaito-kaito`;

test('setup makes identity, role, federation and values, and installs KAITO, whose pods run; doctor finds all well', async () => {
  expect(await it.amiss()).toContainEqual(
    expect.objectContaining({ remedy: 'kaito azure setup -g KaitoLab -n kaito' }),
  );
  expect(await it.command(...setup, '--install')).toContain('installed KAITO on cluster');
  ({ principalId } = (
    (await it.arm('GET', identity(), identities)) as { properties: { principalId: string } }
  ).properties);
  await it.rolledOut();
  expect(await it.amiss('--machine', 'Standard_NC64as_T4_v3')).toEqual([]);
  await it.changes();
  expect(await it.command(...setup)).toContain('There is nothing to do.');
  expect(await it.changes()).toEqual([]);
  // No test waits for as long as a person may take.
  const patch = [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value: '--retry-after=1s' }];
  await it.shell(`kubectl patch ${deployment} --type=json -p '${JSON.stringify(patch)}'`);
  await it.rolledOut();
});

test('the walkthrough: an image of the own registry, on a machine that comes and goes with the Workspace', async () => {
  const { client } = it.kube;
  const image = `${it.registry.loginServer}/mistral-7b-instruct:0.0.2`;
  const at = { namespace: it.team, name: 'mistral' };
  await it.apply('mistral', {
    apiVersion: 'kaito.sh/v1alpha1',
    machine: 'Standard_NC64as_T4_v3',
    inference: { preset: { name: 'mistral-7b-instruct', presetOptions: { image } } },
  });
  await failPull(client, at, 'forbidden');
  await it.rootCause('mistral', 'ImagePullUnauthorized');
  const [registry, missing] = await it.amiss();
  expect(registry).toMatchObject({ name: 'registry', found: expect.stringContaining('no right to pull') });
  await it.mend(registry!.remedy!);

  await failPull(client, at, 'missing');
  await it.rootCause('mistral', 'ImagePullNotFound');
  expect(await it.amiss()).toEqual([missing]);
  expect(missing).toMatchObject({ name: 'image', remedy: `kaito image copy SOURCE ${image}` });
  // As az acr import does.
  await it.arm('POST', `${it.registry.id}/importImage`, '2023-07-01', {
    source: { registryUri: 'mcr.microsoft.com', sourceImage: 'aks/kaito/kaito-mistral-7b-instruct:0.0.2' },
    targetTags: ['mistral-7b-instruct:0.0.2'],
  });
  // The kubelet tries again.
  await it.shell(`kubectl delete pod -n ${it.team} -l kaito.sh/workspace=mistral`);
  await it.ready('mistral');
  expect(await it.amiss()).toEqual([]);
  expect(await it.pools()).toHaveLength(1);

  const refused = await it.kaito('teardown', ['--yes']);
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('[MachinesLeft]') });
  await it.remove('mistral');
  expect(await it.pools()).toEqual([]);
});

/** Plants a fault, applies a Workspace and looks. @returns the remedy that doctor gives */
async function told(name: string, code: string, check: object): Promise<string> {
  await it.apply(name, phi);
  const { remedy } = await it.rootCause(name, code);
  expect(remedy).toMatch(/\baz [a-z]/);
  const [found, ...more] = await it.amiss();
  expect(found).toMatchObject({ state: 'failed', ...check });
  expect(more).toEqual([]);
  return found!.remedy!;
}

/** Once it is mended the machine comes by itself. */
async function well(name: string): Promise<void> {
  await it.ready(name);
  await it.remove(name);
  expect(await it.pools()).toEqual([]);
  expect(await it.amiss('--machine', phi.machine)).toEqual([]);
}

describe('a fault is told by doctor and by the Workspace, with what mends it', () => {
  test('the role is gone', async () => {
    await it.admin('DELETE', '/role-assignments', { principalId });
    const remedy = await told('no-role', 'CloudRightMissing', {
      name: 'rights',
      found: expect.stringContaining('agentPools/write'),
    });
    expect(remedy).toContain("az role assignment create --role 'KAITO GPU provisioner (kaito)");
    await it.mend(remedy);
    await well('no-role');
  });

  test('no quota is left', async () => {
    const quota = `/compute/quotas/${it.subscriptionId}/westus3/Standard NCASv3_T4 Family`;
    await it.admin('PUT', quota, { limit: 0 });
    const remedy = await told('no-quota', 'QuotaExceeded', { name: 'quota', found: expect.stringContaining('0 of 0') });
    const manifest = `${it.directory}/no-quota.json`;
    expect(await it.command('plan', '-f', manifest, '--cluster')).toContain('[InsufficientQuota]');
    await it.mend(remedy);
    await it.ready('no-quota');
    await it.admin('DELETE', quota);
    await well('no-quota');
  });

  test('the machine type is not offered', async () => {
    const restriction = `/compute/restrictions/westus3/${phi.machine}`;
    await it.admin('PUT', restriction, {});
    await told('no-sku', 'SKUNotAvailable', { name: 'machine type', found: expect.stringContaining('cannot be had') });
    expect(await it.command('plan', '-f', `${it.directory}/no-sku.json`, '--cluster')).toContain('[SkuRestricted]');
    await it.admin('DELETE', restriction);
    await well('no-sku');
  });

  test('the federation is gone, while the provisioner runs and when it starts', async () => {
    await it.arm('DELETE', `${identity()}/federatedIdentityCredentials/kaito-federated-identity`, identities);
    await it.admin('POST', '/tokens/expire', { principalId });
    const remedy = await told('no-federation', 'FederationMissing', {
      name: 'federation',
      found: expect.stringContaining('lets nobody in'),
    });
    await it.shell(`kubectl rollout restart ${deployment}`);
    const its = { namespace: 'kaito-system', labelSelector: 'app.kubernetes.io/name=kaito-gpu-provisioner' };
    await eventually({ client: it.kube.client, resource: pods, ...its }, (all) => all.every(hasCrashed));
    const provisioner = (await it.amiss()).find(({ name }) => name === 'provisioner');
    expect(provisioner).toMatchObject({
      state: 'failed',
      found: expect.stringContaining(`subject system:serviceaccount:kaito-system:kaito-gpu-provisioner`),
      remedy: expect.stringContaining('az identity federated-credential create'),
    });
    await it.mend(remedy);
    await well('no-federation');
  });

  test('there is no provisioner', async () => {
    await it.shell(`kubectl delete ${deployment}`);
    const [found] = await it.amiss();
    expect(found).toMatchObject({ name: 'provisioner', found: expect.stringContaining('nobody rents machines') });
    await it.mend(found!.remedy!);
    await it.rolledOut();
    expect(await it.amiss()).toEqual([]);
  });

  test('there is no operator, so that the webhook does not answer', async () => {
    await it.shell('kubectl scale deployment/kaito-workspace -n kaito-system --replicas=0');
    const its = { namespace: 'kaito-system', labelSelector: 'app.kubernetes.io/name=kaito-workspace' };
    await eventually({ client: it.kube.client, resource: pods, ...its }, (all) => all.length === 0);
    await expect(it.apply('unasked', phi)).rejects.toThrow('failed calling webhook');
    const found = await it.amiss();
    expect(found.map(({ name, state }) => `${state} ${name}`)).toEqual([
      'failed deployment',
      'failed operator',
      'failed webhook',
    ]);
    await it.mend(found[0]!.remedy!);
    await it.rolledOut();
    await it.apply('unasked', phi);
    await well('unasked');
  });

  test('another KAITO is there', async () => {
    const other = await it.kube.namespace();
    const labels = { app: 'workspace' };
    const containers = [{ name: 'workspace', image: 'mcr.microsoft.com/aks/kaito/workspace:0.12.0' }];
    await it.kube.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'kaito-workspace', namespace: other, labels: { 'app.kubernetes.io/name': 'workspace' } },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    } as never);
    await it.shell(`kubectl rollout status deployment/kaito-workspace -n ${other} --timeout=100s`);
    await it.apply('whose', phi);
    const { status } = await it.workspace('whose', ({ status }) => isTrue(status?.conditions, 'ManagedElsewhere'));
    expect(findCondition(status?.conditions, 'ManagedElsewhere')?.message).toContain(`in namespace ${other}`);
    const found = await it.amiss();
    expect(found).toMatchObject([{ name: 'neighbour', state: 'warning', found: expect.stringContaining(other) }]);
    await it.mend(found[0]!.remedy!);
    await well('whose');
  });
});

test('teardown leaves nothing', async () => {
  await it.command('azure', 'teardown', '-g', 'KaitoLab', '-n', 'kaito', '--yes');
  await it.shell('helm uninstall kaito -n kaito-system --wait');
  const group = it.id.replace(/\/providers\/.*/, '');
  const names = async (path: string, version: string): Promise<readonly string[]> =>
    ((await it.arm('GET', `${group}/providers/${path}`, version)) as { value: { name: string }[] }).value.map(
      ({ name }) => name,
    );
  expect(await names('Microsoft.ManagedIdentity/userAssignedIdentities', identities)).toEqual([]);
  const { value: roles } = (await it.arm(
    'GET',
    `${it.id}/providers/Microsoft.Authorization/roleDefinitions`,
    '2022-04-01',
  )) as {
    value: { properties: { type: string } }[];
  };
  expect(roles.filter(({ properties }) => properties.type === 'CustomRole')).toEqual([]);
  const { value: given } = (await it.arm(
    'GET',
    `${it.id}/providers/Microsoft.Authorization/roleAssignments`,
    '2022-04-01',
  )) as {
    value: { properties: { principalId: string } }[];
  };
  expect(given.filter(({ properties }) => properties.principalId === principalId)).toEqual([]);
  expect(await it.pools()).toEqual([]);
  expect(await it.shell('kubectl get nodeclaims,workspaces -A -o name')).toBe('');
});

function hasCrashed({ status }: Live<Pod>): boolean {
  return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff';
}
