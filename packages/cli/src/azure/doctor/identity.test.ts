import { describe, expect, test } from 'vitest';
import { contributor } from '../rights.ts';
import { azureError, azureOf, type World } from '../testing/azure.ts';
import { brief } from '../testing/brief.ts';
import { setUp } from '../testing/world.ts';
import { identityChecks } from './identity.ts';

const flags = { resourceGroup: 'KaitoLab', name: 'kaito' };

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
