import { azureAgentPoolLabel } from '@kaito/api';
import { nodes } from '@kaito/kube';
import { eventually } from '@kaito/kube/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AzureCluster, azureCluster, conditionOf, isReady } from './testing/azure-cluster.ts';

let it: AzureCluster;
beforeAll(async () => {
  it = await azureCluster();
});
afterAll(async () => await it.close());

const nodesOf = (pool: string) => ({
  client: it.kube.client,
  resource: nodes,
  labelSelector: `${azureAgentPoolLabel}=${pool}`,
});

describe.each(['our client', 'the official SDK'] as const)('with %s', (client) => {
  test('a claim becomes a machine, and leaves nothing', async () => {
    const provisioner = await it.start(client);
    const claim = await it.claim();
    const name = claim.metadata.name!;
    const ready = await it.until(claim, isReady);
    expect(ready.status).toMatchObject({
      nodeName: expect.stringMatching(new RegExp(`^aks-${name}-\\d+-vmss000000$`)),
      providerID: expect.stringContaining('/virtualMachineScaleSets/'),
      imageID: expect.stringContaining('AKSUbuntu'),
      capacity: expect.objectContaining({ cpu: '4' }),
    });
    for (const type of ['Launched', 'Registered', 'Initialized']) expect(conditionOf(ready, type)?.status).toBe('True');
    const node = (await it.kube.client.list(nodes, { labelSelector: `${azureAgentPoolLabel}=${name}` })).items[0]!;
    expect(node.metadata.labels).toMatchObject({
      'kaito.sh/workspace': 'phi',
      'karpenter.sh/initialized': 'true',
      'kaito.sh/machine-type': 'gpu',
    });
    expect(node.spec?.taints).toContainEqual({ key: 'sku', value: 'gpu', effect: 'NoSchedule' });
    await it.remove(claim);
    expect(await it.pools()).toEqual([]);
    await eventually(nodesOf(name), (all) => all.length === 0);
    await provisioner.stop();
  });

  test('many at once wait for their turn: AKS makes one pool at a time', async () => {
    const provisioner = await it.start(client);
    const claims = await Promise.all(Array.from({ length: 4 }, async () => await it.claim()));
    for (const claim of claims) await it.until(claim, isReady);
    expect((await it.pools()).toSorted()).toEqual(claims.map(({ metadata }) => metadata.name!).toSorted());
    await Promise.all(claims.map(async (claim) => await it.remove(claim)));
    expect(await it.pools()).toEqual([]);
    await provisioner.stop();
  });

  test('who goes on after a restart finds what is under way', async () => {
    await it.azure.admin('POST', '/operation-faults', { match: 'agentPools/ws', delayMs: 2000 });
    const first = await it.start(client);
    const claim = await it.claim();
    await it.until(claim, (seen) => conditionOf(seen, 'Launched')?.reason === 'PoolCreating');
    await first.stop();
    const second = await it.start(client);
    await it.until(claim, isReady);
    expect(await it.pools()).toEqual([claim.metadata.name]);
    await it.remove(claim);
    expect(await it.pools()).toEqual([]);
    await second.stop();
  });

  test('deleted while its pool is being made, it leaves nothing', async () => {
    const provisioner = await it.start(client);
    const claim = await it.claim();
    await it.until(claim, (seen) => conditionOf(seen, 'Launched')?.reason === 'PoolCreating');
    await it.remove(claim);
    expect(await it.pools()).toEqual([]);
    await provisioner.stop();
  });

  test("a pool that is somebody else's is neither changed nor deleted", async () => {
    const pool = `${it.id}/agentPools/people`;
    await it.azure.arm('PUT', pool, '2025-02-01', {
      properties: { count: 1, vmSize: 'Standard_D4s_v5', mode: 'User' },
    });
    const before = await it.azure.arm('GET', pool, '2025-02-01');
    const provisioner = await it.start(client);
    const [system, foreign] = [await it.claim({ name: 'nodepool1' }), await it.claim({ name: 'people' })];
    for (const claim of [system, foreign]) {
      const refused = await it.until(claim, (seen) => conditionOf(seen, 'Launched')?.status === 'False');
      expect(conditionOf(refused, 'Launched')?.message).toMatch(/Remedy: /);
    }
    await Promise.all([it.remove(system), it.remove(foreign)]);
    expect(await it.azure.arm('GET', pool, '2025-02-01')).toEqual(before);
    expect(await it.pools()).toEqual(['people']);
    await provisioner.stop();
    await it.azure.arm('DELETE', pool, '2025-02-01');
  });
});

test('a claim costs at most four requests to Resource Manager, and the looks at its operations', async () => {
  const provisioner = await it.start('our client', ['--preflight=false']);
  const claim = await it.claim();
  const name = claim.metadata.name!;
  await it.until(claim, isReady);
  await it.remove(claim);
  const served = (await it.azure.requests()).filter(
    ({ callerId, path }) => callerId === it.identity.principalId && path.endsWith(`/agentPools/${name}`),
  );
  const methods = served.map(({ method }) => method);
  expect(methods).toEqual(expect.arrayContaining(['PUT', 'DELETE']));
  expect(methods.length, methods.join()).toBeLessThanOrEqual(4);
  await provisioner.stop();
});
