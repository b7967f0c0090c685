import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emulatedAzure, type EmulatedAzure } from './testing/emulated.ts';

let azure: EmulatedAzure;
beforeAll(async () => {
  azure = await emulatedAzure();
});
afterAll(() => azure.close());

const authorization = '2022-04-01';
const identities = '2023-01-31';

interface Diagnosis {
  readonly healthy: boolean;
  readonly runFirst?: string;
  readonly checks: readonly {
    readonly name: string;
    readonly state: string;
    readonly found: string;
    readonly remedy?: string;
  }[];
}

async function doctor(...flags: readonly string[]): Promise<Diagnosis> {
  const { code, out, err } = await azure.kaito('doctor', [...flags, '-o', 'json']);
  expect(err).toBe('');
  const diagnosis = JSON.parse(out) as Diagnosis;
  expect(code).toBe(diagnosis.healthy ? 0 : 1);
  return diagnosis;
}

const amiss = ({ checks }: Diagnosis) => checks.filter(({ state }) => state === 'failed' || state === 'warning');

async function setup(...flags: readonly string[]): Promise<void> {
  const { code, out, err } = await azure.kaito('setup', ['--yes', ...flags]);
  expect({ code, out, err }).toMatchObject({ code: 0 });
}

describe('setup, doctor, teardown', () => {
  test('doctor before names what to run; setup does it; twice changes nothing; then all is well', async () => {
    expect(await doctor()).toMatchObject({ healthy: false, runFirst: 'kaito azure setup -g KaitoLab -n kaito' });
    const dry = await azure.kaito('setup', ['--dry-run']);
    expect(dry).toMatchObject({ code: 0, err: '' });
    await azure.changes();
    await setup();
    expect(
      (await azure.changes()).map((change) =>
        change.replace(
          /.*\/providers\/Microsoft\.(\w+)\/(\w+)\/.*?(\/federatedIdentityCredentials)?(\/[^/]*)?$/,
          '$1 $2$3',
        ),
      ),
    ).toEqual([
      'ManagedIdentity userAssignedIdentities',
      'Authorization roleDefinitions',
      'Authorization roleAssignments',
      'ManagedIdentity userAssignedIdentities/federatedIdentityCredentials',
    ]);
    await setup();
    expect(await azure.changes()).toEqual([]);
    const well = await doctor('--machine', 'Standard_NC64as_T4_v3');
    expect(amiss(well)).toEqual([]);
    expect(well.checks.map(({ name, state }) => `${state} ${name}`)).toEqual([
      'ok cluster',
      'ok oidc issuer',
      'ok identity',
      'ok federation',
      'ok rights',
      'ok machine type',
      'ok quota',
      'unknown in the cluster',
    ]);
  });

  test('each fault is named with the command that mends it', async () => {
    await setup();
    const group = azure.id.replace(/\/providers\/.*/, '');
    const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kaito-kaito`;
    const credential = `${identity}/federatedIdentityCredentials/kaito-federated-identity`;
    const { properties } = (await azure.arm('GET', credential, identities)) as { properties: Record<string, unknown> };

    await azure.arm('PUT', credential, identities, {
      properties: { ...properties, subject: 'system:serviceaccount:kaito-system:other' },
    });
    expect(amiss(await doctor())).toMatchObject([
      {
        name: 'federation',
        found: expect.stringContaining('names the subject system:serviceaccount:kaito-system:other'),
        remedy: expect.stringContaining('az identity federated-credential update'),
      },
    ]);
    await azure.arm('DELETE', credential, identities);
    expect(amiss(await doctor())).toMatchObject([
      {
        name: 'federation',
        found: expect.stringContaining('lets nobody in'),
        remedy: expect.stringContaining('az identity federated-credential create'),
      },
    ]);
    await setup();

    const { properties: of } = (await azure.arm('GET', identity, identities)) as {
      properties: { principalId: string };
    };
    await azure.admin('DELETE', '/role-assignments', { principalId: of.principalId });
    expect(amiss(await doctor())).toMatchObject([
      {
        name: 'rights',
        found: expect.stringContaining('agentPools/write'),
        remedy: expect.stringContaining("--role 'KAITO GPU provisioner (kaito)'"),
      },
    ]);
    await setup('--contributor');
    expect(amiss(await doctor())).toMatchObject([
      {
        name: 'rights',
        state: 'warning',
        found: expect.stringContaining('delete the cluster'),
        remedy: 'kaito azure setup -g KaitoLab -n kaito',
      },
    ]);
    await setup();
    const [wide] = amiss(await doctor());
    const assignment = /^az role assignment delete --ids (\S+)$/.exec(wide?.remedy ?? '')?.[1];
    await azure.arm('DELETE', assignment!, authorization);
    expect(amiss(await doctor())).toEqual([]);

    const quota = `/compute/quotas/${azure.subscriptionId}/westus3/Standard NCASv3_T4 Family`;
    await azure.admin('PUT', quota, { limit: 32 });
    expect(amiss(await doctor('--machine', 'Standard_NC64as_T4_v3'))).toMatchObject([
      { name: 'quota', found: expect.stringContaining('32 of 32 vCPUs left') },
    ]);
    await azure.admin('DELETE', quota);
    expect(amiss(await doctor('--machine', 'Standard_NC64as_T4'))).toMatchObject([
      { name: 'machine type', found: expect.stringContaining('did you mean Standard_NC64as_T4_v3?') },
    ]);

    const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/lab${azure.subscriptionId.slice(0, 8)}`;
    await azure.arm('PUT', registry, '2023-07-01', { location: 'westus3', sku: { name: 'Standard' }, properties: {} });
    const name = registry.split('/').at(-1)!;
    expect(amiss(await doctor('--registry', name))).toMatchObject([
      { name: 'registry', remedy: `az aks update -g KaitoLab -n kaito --attach-acr ${name}` },
    ]);
    const { properties: cluster } = (await azure.arm('GET', azure.id, '2026-06-01')) as {
      properties: { identityProfile: { kubeletidentity: { objectId: string } } };
    };
    await azure.admin('POST', '/role-assignments', {
      principalId: cluster.identityProfile.kubeletidentity.objectId,
      role: 'AcrPull',
      scope: registry,
    });
    expect(amiss(await doctor('--registry', name))).toEqual([]);
  });

  test('who may not define roles, or give none', async () => {
    const group = azure.id.replace(/\/providers\/.*/, '');
    const contributor = (await azure.admin('POST', '/service-principals', {
      displayName: 'dev',
      role: 'Contributor',
      scope: group,
    })) as { appId: string; objectId: string; secret: string };
    await azure.kaito('teardown', ['--yes']);
    const told = await azure.kaito('setup', ['--yes'], contributor);
    expect(told.code).toBe(1);
    expect(told.out).toContain('! role assignment:');
    expect(told.out).toContain('az role assignment create --role');
    await azure.admin('POST', '/role-assignments', {
      principalId: contributor.objectId,
      role: 'Role Based Access Control Administrator',
      scope: azure.id,
    });
    const wide = await azure.kaito('setup', ['--yes'], contributor);
    expect(wide).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /warning you may not define roles, so Azure Kubernetes Service Contributor Role is given/,
      ),
    });
    const unseen = await azure.kaito('doctor', ['--machine', 'Standard_NC64as_T4_v3'], contributor);
    expect(unseen.out).toMatch(/\? machine types?: .*\n +fix /);
  });

  test('teardown leaves nothing of it, and can be run again', async () => {
    await setup();
    expect(await azure.kaito('teardown', ['--yes'])).toMatchObject({ code: 0, err: '' });
    await azure.changes();
    expect(await azure.kaito('teardown', ['--yes'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('There is nothing to do.'),
    });
    expect(await azure.changes()).toEqual([]);
    expect(await doctor()).toMatchObject({ runFirst: 'kaito azure setup -g KaitoLab -n kaito' });
  });

  test.each([
    [['-n', 'kaitocluster'], 'ClusterNotFound', 'There are: kaito in KaitoLab'],
    [['--subscription', 'mine'], 'Usage', 'az account show'],
  ])('a refusal: %j', async (flags, code, remedy) => {
    const { out, err } = await azure.kaito('setup', [...flags, '--yes']);
    expect(out).toBe('');
    expect(err).toContain(`[${code}]`);
    expect(err).toContain(remedy);
  });
});
