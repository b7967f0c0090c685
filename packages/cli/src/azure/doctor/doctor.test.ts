import type { Registry } from '@kaito/azure';
import { deployments, pods, serviceAccounts } from '@kaito/kube';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../session.ts';
import { recording } from '../../terminal/recording.ts';
import { audience, federatedCredentialName, subjectIn } from '../names.ts';
import { contributor, needsOf } from '../rights.ts';
import { azureError, azureOf, clusterWith, identityWith, type World, worldWith } from '../testing/azure.ts';
import { memoryCluster } from '../testing/cluster.ts';
import type { AzureCheck } from './check.ts';
import { doctor, type DoctorFlags } from './doctor.ts';
import { identityChecks } from './identity.ts';
import { machineTypeChecks } from './machines.ts';
import { lookAtProvisioner } from './provisioner.ts';
import { registryChecks } from './registries.ts';
import { wantsIn } from './wants.ts';

const flags: DoctorFlags = { resourceGroup: 'KaitoLab', name: 'kaito' };
const brief = (checks: readonly AzureCheck[]) =>
  checks.map(({ name, state, found, remedy }) => `${state} ${name}: ${found}${remedy == null ? '' : ` | ${remedy}`}`);

/** A world in which setup has run. */
async function setUp(fields: Partial<World> = {}): Promise<World> {
  const identity = identityWith('kaito-kaito');
  const world = worldWith({ identities: [identity], ...fields });
  const azure = azureOf(world);
  for (const need of needsOf(world.cluster)) {
    const role = await azure.authorization.putRole(need.custom);
    await azure.authorization.assign({
      scope: need.scope,
      principalId: identity.principalId,
      roleDefinitionId: role.id,
    });
  }
  const credential = {
    name: federatedCredentialName,
    issuer: clusterWith().oidcIssuer!,
    subject: subjectIn('kaito-system'),
    audiences: [audience],
  };
  await azure.identities.putFederatedCredential('KaitoLab', 'kaito-kaito', credential);
  return world;
}

async function run(world: World, more: Partial<DoctorFlags> = {}) {
  const terminal = recording(false, { KUBECONFIG: '/no/such/kubeconfig' });
  const code = await doctor({ terminal, now: () => 0 } as unknown as Session, azureOf(world), { ...flags, ...more });
  return { code, out: terminal.written.out };
}

describe('kaito azure doctor', () => {
  test('all is as setup leaves it, and what cannot be seen is said', async () => {
    const { code, out } = await run(await setUp());
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "✓ cluster:         kaito 1.33.2 in westus3: Succeeded
      ✓ oidc issuer:     https://westus3.oic.prod-aks.azure.com/t/i/
      ✓ identity:        kaito-kaito in resource group KaitoLab, client id client-of-kaito-kaito
      ✓ federation:      kaito-federated-identity lets system:serviceaccount:kaito-system:kaito-gpu-provisioner in
      ✓ rights:          what it needs on the cluster kaito, by KAITO GPU provisioner (kaito)
      ? in the cluster:  provisioner, operator, webhook and Workspaces are not looked at: There is no kubeconfig: /no/such/kubeconfig does not exist.
                         fix az aks get-credentials -g KaitoLab -n kaito

      Machines can be rented for the Workspaces of kaito. 1 could not be seen (?).
      "
    `);
  });

  test('before setup: what to run first', async () => {
    const { code, out } = await run(worldWith());
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "✓ cluster:         kaito 1.33.2 in westus3: Succeeded
      ✓ oidc issuer:     https://westus3.oic.prod-aks.azure.com/t/i/
      ✗ identity:        there is no managed identity kaito-kaito in resource group KaitoLab
                         fix kaito azure setup -g KaitoLab -n kaito
      ? in the cluster:  provisioner, operator, webhook and Workspaces are not looked at: There is no kubeconfig: /no/such/kubeconfig does not exist.
                         fix az aks get-credentials -g KaitoLab -n kaito

      1 failed. 1 could not be seen (?).
      Run first:
        kaito azure setup -g KaitoLab -n kaito
      Then look again:
        kaito azure doctor -g KaitoLab -n kaito
      "
    `);
  });

  test('a cluster that is not there; as data', async () => {
    const { code, out } = await run(worldWith(), { name: 'kaitocluster', output: 'json' });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      healthy: false,
      runFirst: expect.stringContaining('There are: kaito in KaitoLab'),
      checks: [{ name: 'cluster', state: 'failed' }],
    });
  });

  test.each([
    [{ powerState: 'Stopped' }, 'az aks start -g KaitoLab -n kaito'],
    [{ provisioningState: 'Failed' }, 'az aks update -g KaitoLab -n kaito'],
    [{ oidcIssuer: undefined }, 'az aks update -g KaitoLab -n kaito --enable-oidc-issuer'],
  ] as const)('the cluster is amiss: %j', async (fields, remedy) => {
    const { code, out } = await run(await setUp({ cluster: clusterWith(fields) }));
    expect(code).toBe(1);
    expect(out).toContain(`Run first:\n  ${remedy}\n`);
  });
});

describe('identity', () => {
  const nothingSeen = { checks: [] };
  const look = async (world: World, seen: Parameters<typeof identityChecks>[2] = nothingSeen) =>
    brief(await identityChecks(azureOf(world), world.cluster, seen, flags));

  test.each([
    [
      'issuer',
      'https://old/',
      "names the issuer https://old/, and the cluster's is https://westus3.oic.prod-aks.azure.com/t/i/",
    ],
    [
      'subject',
      'system:serviceaccount:gpu-provisioner:gpu-provisioner',
      'names the subject system:serviceaccount:gpu-provisioner:gpu-provisioner, and the provisioner is system:serviceaccount:kaito-system:kaito-gpu-provisioner',
    ],
    ['audiences', ['https://x'], 'names the audience https://x, and tokens are for api://AzureADTokenExchange'],
  ])('a credential with another %s', async (field, value, says) => {
    const world = await setUp();
    const [right] = world.federated.get('kaito-kaito')!;
    world.federated.set('kaito-kaito', [{ ...right!, [field]: value }]);
    const [, federation] = await look(world);
    expect(federation).toContain(
      `failed federation: kaito-federated-identity ${says} | az identity federated-credential update --name kaito-federated-identity`,
    );
  });

  test('a right that is missing', async () => {
    const world = await setUp();
    world.assignments = [];
    expect((await look(world))[2]).toMatch(
      /^failed rights: on the cluster kaito kaito-kaito lacks Microsoft\.ContainerService\/managedClusters\/read, .* \| az role assignment create --role 'KAITO GPU provisioner \(kaito\)'/,
    );
  });

  test('rights that reach too far', async () => {
    const world = await setUp();
    const role = world.roles.find(({ roleName }) => roleName === contributor.roleName)!;
    world.assignments = [
      {
        id: 'a',
        scope: '/subscriptions',
        principalId: 'principal-of-kaito-kaito',
        roleDefinitionId: role.id,
        conditional: false,
      },
    ];
    expect((await look(world))[2]).toMatch(
      /^warning rights: what it needs on the cluster kaito, by Contributor; and it can also .*delete the cluster/,
    );
  });

  test("the provisioner's own identity is the one that counts", async () => {
    const world = await setUp();
    const other = await look(world, { checks: [], namespace: 'kaito-system', clientId: 'client-of-nobody' });
    expect(other).toEqual([
      'failed identity: the provisioner is set to client id client-of-nobody, which no managed identity of the subscription has | kaito azure setup -g KaitoLab -n kaito',
    ]);
    const moved = await look(world, { checks: [], namespace: 'elsewhere', clientId: 'CLIENT-of-kaito-kaito' });
    expect(moved[1]).toContain('the provisioner is system:serviceaccount:elsewhere:kaito-gpu-provisioner');
  });

  test('who may not look is told, and nothing is said to have failed', async () => {
    const world = await setUp();
    const azure = azureOf(world);
    const blind = {
      ...azure,
      identities: { ...azure.identities, get: () => Promise.reject(azureError('RightMissing', 'you lack a right')) },
    };
    expect(brief(await identityChecks(blind, world.cluster, nothingSeen, flags))).toEqual([
      'unknown identity: not seen: You lack a right. | az mend',
    ]);
  });
});

describe('machine types', () => {
  const type = 'Standard_NC64as_T4_v3';
  const sku = { name: type, family: 'Standard NCASv3_T4 Family', vCPUs: 64, zones: ['1', '2'], restrictions: [] };
  const quota = (limit: number, current = 0) => ({
    name: sku.family,
    localizedName: 'NCASv3_T4 vCPUs',
    current,
    limit,
  });
  const pool = {
    id: 'p',
    name: 'ws1',
    properties: { vmSize: type, count: 1, nodeLabels: { 'kaito.sh/workspace': 'w' } },
  };
  const look = async (fields: Partial<World>, machines = new Map([[type, 1]])) =>
    brief(await machineTypeChecks(azureOf(worldWith(fields)), 'westus3', machines, async () => fields.pools ?? []));

  test.each<[string, Partial<World>, readonly string[]]>([
    [
      'enough',
      { skus: [sku], usages: [quota(64)] },
      [
        `ok machine type: ${type} is offered in westus3 in zones 1, 2`,
        `ok quota: for ${type} 64 of 64 vCPUs left of NCASv3_T4 vCPUs; 1 to be rented take 64`,
      ],
    ],
    [
      'none of the quota left',
      { skus: [sku], usages: [quota(100, 40)] },
      [
        expect.stringMatching(/^ok/),
        expect.stringMatching(/^failed quota: .* 60 of 100 vCPUs left .*1 to be rented take 64 \| Ask for more/),
      ],
    ],
    [
      'all machines are there',
      { skus: [sku], usages: [quota(64, 64)], pools: [pool] },
      [expect.stringMatching(/^ok/), expect.stringMatching(/^warning .*one more machine takes 64/)],
    ],
    [
      'not offered',
      { skus: [] },
      [expect.stringMatching(/^failed .* is not offered in westus3 \| az vm list-skus -l westus3/)],
    ],
    [
      'restricted',
      { skus: [{ ...sku, restrictions: [{ reason: 'NotAvailableForSubscription' }] }] },
      [expect.stringMatching(/^failed .*NotAvailableForSubscription/)],
    ],
    [
      'a zone is closed',
      { skus: [{ ...sku, restrictions: [{ reason: 'x', zones: ['2'] }] }], usages: [quota(64)] },
      [`warning machine type: ${type} is offered in westus3 in zone 1, not in 2`, expect.stringMatching(/^ok/)],
    ],
    [
      'quota that may not be read',
      { skus: [sku], forbidden: ['Microsoft.Compute/locations/usages/read'] },
      [expect.stringMatching(/^ok/), expect.stringMatching(/^unknown quota: not seen: You lack Microsoft\.Compute/)],
    ],
  ])('%s', async (_, fields, expected) => {
    expect(await look(fields)).toEqual(expected);
  });

  test('a type that is misspelt', async () => {
    expect(await look({}, new Map([['Standard_NC64as_T4_v33', 1]]))).toEqual([
      expect.stringContaining('did you mean Standard_NC64as_T4_v3?'),
    ]);
  });
});

async function lookAtRegistry(world: World): Promise<readonly string[]> {
  return brief(await registryChecks(azureOf(world), world.cluster, new Map(), { ...flags, registry: ['kaitolab'] }));
}

describe('registries', () => {
  const registry: Registry = {
    id: '/subscriptions/s/resourceGroups/KaitoLab/providers/Microsoft.ContainerRegistry/registries/kaitolab',
    name: 'kaitolab',
    location: 'westus3',
    loginServer: 'kaitolab.azurecr.io',
    sku: 'Standard',
    adminUserEnabled: false,
    rightsByRepository: false,
  };
  test('attached, or not, or of another subscription', async () => {
    const world = worldWith({ registries: [registry] });
    expect(await lookAtRegistry(world)).toEqual([
      'failed registry: the nodes have no right to pull from kaitolab.azurecr.io (AcrPull) | az aks update -g KaitoLab -n kaito --attach-acr kaitolab',
    ]);
    const role = world.roles.find(({ roleName }) => roleName === 'AcrPull')!;
    world.assignments.push({
      id: 'a',
      scope: registry.id,
      principalId: 'kubelet',
      roleDefinitionId: role.id,
      conditional: false,
    });
    expect(await lookAtRegistry(world)).toEqual([
      'ok registry: the nodes may pull from kaitolab.azurecr.io, by AcrPull',
    ]);
    expect(await lookAtRegistry(worldWith())).toEqual([
      expect.stringMatching(/^unknown registry: kaitolab\.azurecr\.io is none of this subscription's/),
    ]);
  });

  test('rights by repository take another role', async () => {
    const world = worldWith({ registries: [{ ...registry, rightsByRepository: true }] });
    expect(await lookAtRegistry(world)).toEqual([
      expect.stringMatching(
        /Container Registry Repository Reader\) \| az role assignment create .*--assignee-object-id kubelet/,
      ),
    ]);
  });
});

const workspace = (name: string, resource: object, inference: object) =>
  ({ apiVersion: 'kaito.sh/v1beta1', kind: 'Workspace', metadata: { name }, resource, inference }) as never;
const preset = (presetOptions: object) => ({ preset: { name: 'phi-2', presetOptions } });

test('what Workspaces take: machines and images', () => {
  const { machines, images } = wantsIn([
    workspace('a', { instanceType: 'Standard_A', count: 2 }, preset({ image: 'me.azurecr.io/a:1' })),
    workspace('b', { instanceType: 'Standard_A' }, preset({ image: 'me.azurecr.io/b:1', imagePullSecrets: ['s'] })),
    workspace('c', { instanceType: '' }, { template: { spec: { containers: [{ image: 'me.azurecr.io/c:1' }] } } }),
  ]);
  expect([...machines]).toEqual([['Standard_A', 3]]);
  expect([...images]).toEqual([
    ['me.azurecr.io/a:1', { withSecret: false }],
    ['me.azurecr.io/b:1', { withSecret: true }],
    ['me.azurecr.io/c:1', { withSecret: false }],
  ]);
});

describe('provisioner', () => {
  const metadata = { name: 'kaito-gpu-provisioner', namespace: 'kaito-system' };
  const labels = { 'app.kubernetes.io/name': 'kaito-gpu-provisioner' };
  const deployment = (readyReplicas: number, env: Record<string, string> = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        spec: {
          containers: [{ name: 'gpu-provisioner', env: Object.entries(env).map(([name, value]) => ({ name, value })) }],
        },
      },
    },
    status: { readyReplicas },
  });

  test('none is there', async () => {
    const { cluster } = memoryCluster();
    expect(brief((await lookAtProvisioner(cluster, clusterWith(), flags)).checks)).toEqual([
      'failed provisioner: there is no Deployment kaito-gpu-provisioner in any namespace: nobody rents machines | kaito azure setup -g KaitoLab -n kaito --install',
    ]);
  });

  test("another KAITO's makes the machines", async () => {
    const { client, cluster } = memoryCluster();
    const spec = {
      template: { spec: { containers: [{ image: 'mcr.microsoft.com/aks/kaito/gpu-provisioner:0.4.3' }] } },
    };
    const labels = { 'app.kubernetes.io/name': 'gpu-provisioner' };
    const go = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'gpu-provisioner', namespace: 'gpu', labels },
      spec,
      status: { readyReplicas: 1 },
    };
    await client.create(deployments, go as never);
    expect(brief((await lookAtProvisioner(cluster, clusterWith(), flags)).checks)).toEqual([
      "warning provisioner: another KAITO's provisioner makes the machines: Deployment gpu-provisioner in namespace gpu | kaito azure setup -g KaitoLab -n kaito --take-over",
    ]);
  });

  test('its pods end, and say why', async () => {
    const { client, cluster } = memoryCluster();
    const message =
      'identity kaito-kaito has no federated credential for system:serviceaccount:kaito-system:kaito-gpu-provisioner; az identity federated-credential create --name kaito-federated-identity';
    await client.create(deployments, deployment(0) as never);
    const annotations = { 'azure.workload.identity/client-id': 'client-of-kaito-kaito' };
    await client.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...metadata, annotations },
    });
    const containerStatuses = [
      {
        name: 'gpu-provisioner',
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, message } },
      },
    ];
    await client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'kaito-system', labels },
      status: { containerStatuses },
    } as never);
    const seen = await lookAtProvisioner(cluster, clusterWith(), flags);
    expect(seen).toMatchObject({ namespace: 'kaito-system', clientId: 'client-of-kaito-kaito' });
    expect(brief(seen.checks)).toEqual([
      `failed provisioner: kaito-system/kaito-gpu-provisioner: 0 of 2 pods ready; CrashLoopBackOff: ${message} | az identity federated-credential create --name kaito-federated-identity`,
    ]);
  });

  test('it runs, for another cluster', async () => {
    const { client, cluster } = memoryCluster();
    await client.create(
      deployments,
      deployment(2, { AZURE_CLUSTER_NAME: 'other', ARM_RESOURCE_GROUP: 'kaitolab' }) as never,
    );
    expect(brief((await lookAtProvisioner(cluster, clusterWith(), flags)).checks)).toEqual([
      'ok provisioner: kaito-system/kaito-gpu-provisioner: 2 of 2 pods ready',
      'failed provisioner: it is set to another cluster: AZURE_CLUSTER_NAME is other and not kaito | kaito azure setup -g KaitoLab -n kaito --install',
    ]);
  });
});
