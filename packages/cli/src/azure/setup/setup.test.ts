import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../session.ts';
import { recording } from '../../terminal/recording.ts';
import { azureOf, clusterWith, identityWith, type World, worldWith } from '../testing/azure.ts';
import { failureOf, setupRuns } from '../testing/run-setup.ts';
import { setup } from './setup.ts';

const { directory, run } = setupRuns();

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
                          $ az identity create -g KaitoLab -n kaito-kaito -l westus3 --tags created-by=kaito
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

  test('a file that cannot be written', async () => {
    const values = join(directory, 'no', 'such', 'directory.yaml');
    expect(failureOf(await run(worldWith(), { yes: true, values }))).toMatchObject({
      code: 'FileUnwritable',
      remedy: expect.stringContaining('--values'),
    });
  });

  test('nothing is changed without a yes', async () => {
    const world = worldWith();
    expect(failureOf(await run(world))).toMatchObject({
      code: 'ConfirmationNeeded',
      remedy: expect.stringContaining('--yes'),
    });
    expect(world.changes).toEqual([]);
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
