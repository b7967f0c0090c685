import { AzureError } from '@kaito/azure';
import { expect, test } from 'vitest';
import { azureError, azureOf, clusterWith, identityWith, worldWith } from '../testing/azure.ts';
import { setupRuns } from '../testing/run-setup.ts';

const { run } = setupRuns();

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
  expect(forbidden.out).toContain('already so: kaito-kaito may do what it needs on the cluster kaito, by Contributor');
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

test('a subnet of the person is joined by a right of its own', async () => {
  const vnetSubnetID = '/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/gpu';
  const pool = { name: 'nodepool1', mode: 'System', vmSize: 'Standard_D4s_v5', vnetSubnetID, podSubnetID: undefined };
  const world = worldWith({ cluster: clusterWith({ agentPools: [pool] }) });
  await run(world, { yes: true });
  expect(world.changes.filter((change) => change.includes('gpu'))).toEqual([
    'role KAITO GPU provisioner (kaito) subnet gpu',
    'assign KAITO-GPU-provisioner-(kaito)-subnet-gpu at gpu',
  ]);
});
