import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AzureError } from '@kaito/azure';
import { afterAll, describe, expect, test } from 'vitest';
import { Failure } from '../../failure.ts';
import type { Session } from '../../session.ts';
import { recording } from '../../terminal/recording.ts';
import { azureError, azureOf, clusterWith, identityWith, type World, worldWith } from '../testing/azure.ts';
import type { SetupFlags } from './options.ts';
import { setup } from './setup.ts';

const directory = mkdtempSync(join(tmpdir(), 'kaito-setup-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

async function run(world: World, flags: Partial<SetupFlags> = {}, has: readonly string[] = [], azure = azureOf(world)) {
  const terminal = recording(false, { KUBECONFIG: '/no/such/kubeconfig' });
  const session: Session = {
    terminal,
    now: () => 0,
    interruptible: () => ({ signal: new AbortController().signal, release: () => {} }),
  };
  const programs: string[] = [];
  const values = join(directory, `values-${(files += 1)}.yaml`);
  const tools = {
    programs: {
      has: (program: string) => has.includes(program),
      run: async (words: readonly string[]) => {
        programs.push(words.join(' '));
        if (words.includes('--enable-oidc-issuer')) world.cluster = { ...world.cluster, oidcIssuer: 'https://issuer/' };
      },
    },
    pause: async () => {},
    directory,
  };
  const all = { resourceGroup: 'KaitoLab', name: 'kaito', values, ...flags };
  const outcome = await setup(session, azure, all as SetupFlags, tools).catch((error: unknown) => error);
  return {
    outcome,
    out: terminal.written.out.replaceAll(directory, 'DIR').replaceAll(/values-\d+/g, 'values'),
    err: terminal.written.err,
    programs,
    values: all.values,
  };
}

const failureOf = ({ outcome }: { readonly outcome: unknown }) =>
  outcome instanceof Failure ? outcome.findings[0] : undefined;

const withoutIssuer = () => worldWith({ cluster: clusterWith({ oidcIssuer: undefined }) });

describe('kaito azure setup', () => {
  test('a dry run shows every step with its command, and changes nothing', async () => {
    const world = worldWith();
    const { outcome, out } = await run(world, { dryRun: true });
    expect(outcome).toBe(0);
    expect(world.changes).toEqual([]);
    expect(out).toMatchInlineSnapshot(`
      "Set up KAITO on the AKS cluster kaito, westus3

      ✓ oidc issuer:      already so: kaito has the issuer https://westus3.oic.prod-aks.azure.com/t/i/
      + identity:         create the managed identity kaito-kaito in resource group KaitoLab
                          $ az identity create -g KaitoLab -n kaito-kaito -l westus3
      + role:             define the role KAITO GPU provisioner (kaito), with just the rights that are needed on the cluster kaito
                          $ az role definition create --role-definition '{"Name":"KAITO GPU provisioner (kaito)","Description":"What KAITO'\\''s GPU provisioner does on the AKS cluster kaito: makes, reads and deletes agent pools.","Actions":["Microsoft.ContainerService/managedClusters/read","Microsoft.ContainerService/managedClusters/agentPools/read","Microsoft.ContainerService/managedClusters/agentPools/write","Microsoft.ContainerService/managedClusters/agentPools/delete","Microsoft.ContainerService/locations/operations/read"],"AssignableScopes":["/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/KaitoLab"]}'
      + role assignment:  give kaito-kaito the role KAITO GPU provisioner (kaito) on the cluster kaito
                          $ az role assignment create --role 'KAITO GPU provisioner (kaito)' --assignee-object-id "$(az identity show -g KaitoLab -n kaito-kaito --query principalId -o tsv)" --assignee-principal-type ServicePrincipal --scope /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/KaitoLab/providers/Microsoft.ContainerService/managedClusters/kaito
      + federation:       let kaito-kaito trust system:serviceaccount:kaito-system:kaito-gpu-provisioner of https://westus3.oic.prod-aks.azure.com/t/i/
                          $ az identity federated-credential create --name kaito-federated-identity --identity-name kaito-kaito -g KaitoLab --issuer https://westus3.oic.prod-aks.azure.com/t/i/ --subject system:serviceaccount:kaito-system:kaito-gpu-provisioner --audiences api://AzureADTokenExchange
      + values:           write the values of the Helm chart in DIR/values.yaml
                          warning set imageRegistry in it to where KAITO's images are

      Nothing was changed (--dry-run).
      "
    `);
  });

  test('twice comes to the same as once', async () => {
    const world = worldWith();
    const first = await run(world, { yes: true });
    expect(first.outcome).toBe(0);
    expect(world.changes).toMatchInlineSnapshot(`
      [
        "identity KaitoLab/kaito-kaito",
        "role KAITO GPU provisioner (kaito)",
        "assign KAITO-GPU-provisioner-(kaito) at kaito",
        "federation kaito-kaito/kaito-federated-identity",
      ]
    `);
    expect(readFileSync(first.values, 'utf8')).toMatchInlineSnapshot(`
      "operator:
        nodeProvisioner: karpenter
      provisioner:
        enabled: true
        azure:
          subscriptionId: 00000000-0000-0000-0000-000000000001
          resourceGroup: KaitoLab
          clusterName: kaito
          location: westus3
          environment: AzureCloud
        workloadIdentity:
          clientId: client-of-kaito-kaito
          tenantId: tenant
      "
    `);
    world.changes.length = 0;
    const second = await run(world, { yes: true, values: first.values });
    expect(second.outcome).toBe(0);
    expect(second.out).toContain('There is nothing to do.');
    expect(world.changes).toEqual([]);
  });

  test("the person's own values and comments stay in the file", async () => {
    const file = join(directory, 'mine.yaml');
    writeFileSync(file, '# ours\nimageRegistry: me.azurecr.io/kaito\nprovisioner:\n  replicas: 1 # small\n');
    await run(worldWith(), { yes: true, values: file });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('# ours\nimageRegistry: me.azurecr.io/kaito\n');
    expect(text).toContain('replicas: 1 # small');
    expect(text).toContain('clientId: client-of-kaito-kaito');
  });

  test('nothing is changed without a yes', async () => {
    const world = worldWith();
    expect(failureOf(await run(world))).toMatchObject({
      code: 'ConfirmationNeeded',
      remedy: expect.stringContaining('--yes'),
    });
    expect(world.changes).toEqual([]);
  });

  test('who may not define roles gives the narrowest built-in one, and is told what it reaches', async () => {
    const world = worldWith({ forbidden: ['Microsoft.Authorization/roleDefinitions/write'] });
    const { out } = await run(world, { yes: true });
    expect(out).toMatch(
      /warning you may not define roles, so Azure Kubernetes Service Contributor Role is given.*delete the cluster/,
    );
    expect(world.changes).toContain('assign Azure-Kubernetes-Service-Contributor-Role at kaito');
  });

  test('a wide role is not widened, and the narrow one is given beside it', async () => {
    const world = worldWith({ identities: [identityWith('kaito-kaito')] });
    await run(world, { yes: true, contributor: true });
    const { out } = await run(world, { dryRun: true });
    expect(out).toContain('+ role assignment:  give kaito-kaito the role KAITO GPU provisioner (kaito)');
    const forbidden = await run(
      { ...world, forbidden: ['Microsoft.Authorization/roleDefinitions/write'] },
      { dryRun: true },
    );
    expect(forbidden.out).toContain(
      'already so: kaito-kaito may do what it needs on the cluster kaito, by Contributor',
    );
  });

  test('another cluster of the tenant has the name of the role', async () => {
    const world = worldWith();
    const azure = azureOf(world);
    const { putRole } = azure.authorization;
    azure.authorization.putRole = async (role, call) => {
      if (role.roleName === 'KAITO GPU provisioner (kaito)')
        throw new AzureError('InvalidRequest', {
          message: 'taken',
          remedy: '',
          retry: 'never',
          azureCode: 'RoleDefinitionWithSameNameExists',
        });
      return await putRole(role, call);
    };
    expect((await run(world, { yes: true }, [], azure)).outcome).toBe(0);
    expect(world.changes).toContainEqual(expect.stringMatching(/^role KAITO GPU provisioner \(kaito\) [\da-f]{8}$/));
    expect((await run(world, { dryRun: true }, [], azure)).out).toMatch(
      /✓ role: .*by KAITO GPU provisioner \(kaito\) [\da-f]{8}/,
    );
  });

  test('a role that is refused when it is defined', async () => {
    const world = worldWith();
    const azure = azureOf(world);
    azure.authorization.putRole = () => Promise.reject(azureError('RightMissing'));
    expect((await run(world, { yes: true }, [], azure)).outcome).toBe(0);
    expect(world.changes).toContain('assign Azure-Kubernetes-Service-Contributor-Role at kaito');
  });

  test('an identity that is not known everywhere yet is waited for', async () => {
    const world = worldWith();
    const azure = azureOf(world);
    const { assign } = azure.authorization;
    let refusals = 3;
    azure.authorization.assign = async (assignment) => {
      if ((refusals -= 1) >= 0) throw azureError('NotFound', 'who?', 'soon');
      return await assign(assignment);
    };
    expect((await run(world, { yes: true }, [], azure)).outcome).toBe(0);
    expect(refusals).toBe(-1);
  });

  test('who may not give roles is told who can, and the rest is done', async () => {
    const world = worldWith({ forbidden: ['Microsoft.Authorization/roleAssignments/write'] });
    const { outcome, out } = await run(world, { yes: true });
    expect(outcome).toBe(1);
    expect(out).toMatch(/! role assignment: .*have an Owner/);
    expect(out).toContain('$ az role assignment create --role');
    expect(world.changes).toContain('federation kaito-kaito/kaito-federated-identity');
    expect(world.changes.filter((change) => change.startsWith('assign'))).toEqual([]);
  });

  test("the seed's way: the managed add-on's identity, Contributor on the group", async () => {
    const world = worldWith({
      cluster: clusterWith({ aiToolchainOperator: true }),
      identities: [identityWith('ai-toolchain-operator-kaito', 'MC_KaitoLab_kaito_westus3')],
    });
    const { outcome, out } = await run(world, { yes: true, contributor: true, values: undefined as never });
    expect(outcome).toBe(0);
    expect(world.changes).toEqual([
      'assign Contributor at KaitoLab',
      'federation ai-toolchain-operator-kaito/kaito-federated-identity',
    ]);
    expect(world.federated.get('ai-toolchain-operator-kaito')).toMatchObject([
      { subject: 'system:serviceaccount:kube-system:kaito-gpu-provisioner' },
    ]);
    expect(out).toContain('kubectl rollout restart deployment/kaito-gpu-provisioner -n kube-system');
    expect(out).not.toContain('helm');
  });

  test('a subnet of the person is joined by a right of its own', async () => {
    const vnetSubnetID =
      '/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/gpu';
    const pool = { name: 'nodepool1', mode: 'System', vmSize: 'Standard_D4s_v5', vnetSubnetID, podSubnetID: undefined };
    const world = worldWith({ cluster: clusterWith({ agentPools: [pool] }) });
    await run(world, { yes: true });
    expect(world.changes.filter((change) => change.includes('gpu'))).toEqual([
      'role KAITO GPU provisioner (kaito) subnet gpu',
      'assign KAITO-GPU-provisioner-(kaito)-subnet-gpu at gpu',
    ]);
  });

  test('a federated credential that names another cluster is mended', async () => {
    const wrong = {
      name: 'kaito-federated-identity',
      issuer: 'https://old/',
      subject: 'system:serviceaccount:kaito-system:kaito-gpu-provisioner',
      audiences: ['api://AzureADTokenExchange'],
    };
    const world = worldWith({
      identities: [identityWith('kaito-kaito')],
      federated: new Map([['kaito-kaito', [wrong]]]),
    });
    const { out } = await run(world, { dryRun: true });
    expect(out).toContain('+ federation:       mend kaito-federated-identity');
    expect(out).toContain('az identity federated-credential update');
  });

  test('a cluster without an OIDC issuer', async () => {
    expect(failureOf(await run(withoutIssuer(), { yes: true }))).toMatchObject({
      code: 'OidcIssuerMissing',
      remedy: expect.stringContaining('--enable-oidc-issuer'),
    });
    const world = withoutIssuer();
    const { outcome, programs } = await run(world, { yes: true }, ['az']);
    expect(outcome).toBe(0);
    expect(programs).toEqual([expect.stringContaining('az aks update -g KaitoLab -n kaito')]);
    expect(world.federated.get('kaito-kaito')).toMatchObject([{ issuer: 'https://issuer/' }]);
  });

  test('helm is only run on the cluster itself', async () => {
    const world = worldWith();
    const { programs, outcome } = await run(world, { yes: true, install: true }, ['helm']);
    expect(failureOf({ outcome })).toMatchObject({
      code: 'NoCluster',
      remedy: 'az aks get-credentials -g KaitoLab -n kaito',
    });
    expect([programs, world.changes]).toEqual([[], []]);
    const { out } = await run(world, { dryRun: true, install: true }, ['helm']);
    expect(out).toMatch(
      /\+ install: .*\n +\$ helm upgrade --install kaito .*charts\/kaito --namespace kaito-system --create-namespace --values/,
    );
  });

  test('a take-over needs helm', async () => {
    expect(failureOf(await run(worldWith(), { yes: true, takeOver: true }))).toMatchObject({ code: 'HelmMissing' });
  });

  test.each([
    [{ name: 'kaitocluster' }, {}, 'ClusterNotFound', 'There are: kaito in KaitoLab'],
    [{}, { cluster: clusterWith({ powerState: 'Stopped' }) }, 'ClusterStopped', 'az aks start -g KaitoLab -n kaito'],
    [{ install: true }, { cluster: clusterWith({ aiToolchainOperator: true }) }, 'Usage', '--take-over'],
  ])('is refused: %j', async (flags, fields, code, remedy) => {
    const world = worldWith(fields as Partial<World>);
    expect(failureOf(await run(world, { ...flags, yes: true }))).toMatchObject({
      code,
      remedy: expect.stringContaining(remedy),
    });
    expect(world.changes).toEqual([]);
  });

  test('a step that fails tells how far it got', async () => {
    const world = worldWith();
    const azure = azureOf(world);
    const broken = {
      ...azure,
      identities: { ...azure.identities, putFederatedCredential: () => Promise.reject(new Error('broken')) },
    };
    const terminal = recording();
    const session = { terminal, now: () => 0 } as unknown as Session;
    const tools = { programs: { has: () => false, run: async () => {} }, pause: async () => {}, directory };
    const flags = {
      resourceGroup: 'KaitoLab',
      name: 'kaito',
      values: join(directory, 'broken.yaml'),
      yes: true,
      output: 'json',
    } as const;
    await expect(setup(session, broken, flags, tools)).rejects.toThrow('broken');
    const { steps } = JSON.parse(terminal.written.out) as { steps: { name: string; state: string }[] };
    expect(steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'oidc issuer already',
      'identity done',
      'role done',
      'role assignment done',
      'federation failed',
      'values not done',
    ]);
  });
});
