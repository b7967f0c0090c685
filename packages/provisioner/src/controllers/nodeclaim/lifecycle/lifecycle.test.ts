import { expect, test } from 'vitest';
import { nodeClaim } from '../../../testing/claims.ts';
import { World } from '../../../testing/world.ts';

const name = 'ws0a1b2c3d4';

test('a NodeClaim becomes an agent pool, its node is registered and initialised, and both go with it', async () => {
  const world = new World();
  await world.claim(nodeClaim());
  expect(await world.ready(name)).toBe(true);
  const claim = world.now(name)!;
  expect(claim.status).toMatchInlineSnapshot(`
    {
      "allocatable": {
        "cpu": "6",
        "ephemeral-storage": "120Gi",
        "memory": "112Gi",
        "pods": "110",
      },
      "capacity": {
        "cpu": "6",
        "ephemeral-storage": "120Gi",
        "memory": "112Gi",
        "pods": "110",
      },
      "conditions": [
        {
          "lastTransitionTime": "2026-01-01T00:00:02Z",
          "message": "",
          "reason": "Launched",
          "status": "True",
          "type": "Launched",
        },
        {
          "lastTransitionTime": "2026-01-01T00:00:02Z",
          "message": "",
          "reason": "Registered",
          "status": "True",
          "type": "Registered",
        },
        {
          "lastTransitionTime": "2026-01-01T00:00:02Z",
          "message": "",
          "reason": "Initialized",
          "status": "True",
          "type": "Initialized",
        },
        {
          "lastTransitionTime": "2026-01-01T00:00:02Z",
          "message": "",
          "reason": "Ready",
          "status": "True",
          "type": "Ready",
        },
      ],
      "imageID": "AKSUbuntu-2204gen2",
      "nodeName": "aks-ws0a1b2c3d4-12345678-vmss000000",
      "providerID": "azure:///subscriptions/s/resourceGroups/MC_g_c_westus3/providers/Microsoft.Compute/virtualMachineScaleSets/aks-ws0a1b2c3d4-12345678-vmss/virtualMachines/0",
    }
  `);
  expect(claim.metadata.labels).toMatchInlineSnapshot(`
    {
      "kaito.sh/creation-timestamp": "2026-01-01T00-00-00Z",
      "kaito.sh/machine-type": "gpu",
      "kaito.sh/workspace": "phi",
      "kaito.sh/workspacenamespace": "default",
      "karpenter.azure.com/sku-name": "Standard_NC6s_v3",
      "karpenter.sh/capacity-type": "on-demand",
      "karpenter.sh/nodepool": "kaito",
      "node.kubernetes.io/instance-type": "Standard_NC6s_v3",
    }
  `);
  expect(claim.metadata.annotations).toEqual({ 'karpenter.sh/do-not-disrupt': 'true' });
  expect(world.node(name)?.metadata).toMatchObject({
    finalizers: ['karpenter.sh/termination'],
    labels: { 'karpenter.sh/registered': 'true', 'karpenter.sh/initialized': 'true', 'kaito.sh/workspace': 'phi' },
  });
  expect(world.pools.calls).toEqual(['list', `create ${name}`, `get ${name}`]);
  expect(world.events.map(({ reason }) => reason)).toEqual(['Launched', 'Registered', 'Initialized', 'Ready']);

  await world.deleteClaim(name);
  expect(await world.gone(name)).toBe(true);
  expect([...world.pools.pools.keys()]).toEqual(['systempool']);
  expect(world.node(name)).toBeUndefined();
  expect(world.pools.calls.slice(3)).toEqual([`get ${name}`, `delete ${name}`]);
});
