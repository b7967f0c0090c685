import type { Registry } from '@kaito/azure';
import { describe, expect, test } from 'vitest';
import { azureOf, type World, worldWith } from '../testing/azure.ts';
import { brief } from '../testing/brief.ts';
import { registryChecks } from './registries.ts';

const flags = { resourceGroup: 'KaitoLab', name: 'kaito' };

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
