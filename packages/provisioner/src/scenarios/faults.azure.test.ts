import { azureAgentPoolLabel, zoneLabel } from '@kaito/api';
import { coreEvents, nodes } from '@kaito/kube';
import { eventually } from '@kaito/kube/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type AzureCluster,
  azureCluster,
  conditionOf,
  isReady,
  type RunningProvisioner,
} from './testing/azure-cluster.ts';

const type = 'Standard_NC4as_T4_v3';
const family = encodeURIComponent('Standard NCASv3_T4 Family');
let it: AzureCluster;
let provisioner: RunningProvisioner | undefined;
beforeAll(async () => {
  it = await azureCluster();
});
afterEach(async () => {
  await Promise.all(
    ['/faults', '/aks/behaviour/*', quota(), restriction()].map(async (path) => await it.azure.admin('DELETE', path)),
  );
  await it.grant();
  await it.takeBack();
  await provisioner?.stop();
  provisioner = undefined;
});
afterAll(async () => await it.close());

/** What the admin endpoint changes of the machine type: the vCPUs of its quota, and whether it is offered. */
const quota = () => `/compute/quotas/${it.address.subscriptionId}/${it.address.location}/${family}`;
const restriction = () => `/compute/restrictions/${it.address.location}/${type}`;

const launched = (claim: Parameters<typeof conditionOf>[0]) => conditionOf(claim, 'Launched');
const nodesOf = (pool: string) => ({
  client: it.kube.client,
  resource: nodes,
  labelSelector: `${azureAgentPoolLabel}=${pool}`,
});

describe.each(['our client', 'the official SDK'] as const)('with %s', (client) => {
  const start = async (...flags: readonly string[]): Promise<void> => {
    provisioner = await it.start(client, ['--retry-after=2s', ...flags]);
  };

  test('no quota: told with what mends it, once as an event, nothing is left, and it goes on when there is some', async () => {
    await it.azure.admin('PUT', quota(), { limit: 0 });
    await start();
    const claim = await it.claim();
    const refused = await it.until(claim, (seen) => launched(seen)?.reason === 'QuotaExceeded');
    expect(launched(refused)?.message.slice(0, 256)).toMatch(/quota/i);
    expect(launched(refused)?.message).toMatch(/Remedy: .*quota/i);
    expect(await it.pools()).toEqual([]);
    await eventually({ client: it.kube.client, resource: coreEvents }, (all) =>
      all.some(
        ({ involvedObject, reason }) => involvedObject.name === claim.metadata.name && reason === 'QuotaExceeded',
      ),
    );
    await it.azure.admin('DELETE', quota());
    await it.until(claim, isReady);
  });

  test('the next machine of the list is taken where the first is not offered', async () => {
    await it.azure.admin('PUT', restriction(), {});
    await start();
    const claim = await it.claim({ types: [type, 'Standard_NC8as_T4_v3'] });
    await it.until(claim, isReady);
    const [node] = (await it.kube.client.list(nodes, nodesOf(claim.metadata.name!))).items;
    expect(node?.metadata.labels?.['node.kubernetes.io/instance-type']).toBe('Standard_NC8as_T4_v3');
  });

  test('the next zone is taken where the first has none', async () => {
    await it.azure.admin('PUT', restriction(), { zones: ['1'] });
    await start();
    const zones = { key: zoneLabel, operator: 'In' as const, values: ['westus3-1', 'westus3-2'] };
    const claim = await it.claim({ requirements: [zones] });
    await it.until(claim, isReady);
    const [node] = (await it.kube.client.list(nodes, nodesOf(claim.metadata.name!))).items;
    expect(node?.metadata.labels?.[zoneLabel]).toBe('westus3-2');
  });

  test('the answer to a creation is lost: the pool that is there is the one', async () => {
    await it.azure.admin('POST', '/faults', { kind: 'lose-response', match: '^PUT .*/agentPools/ws', times: 1 });
    await start();
    const claim = await it.claim();
    await it.until(claim, isReady);
    expect(await it.pools()).toEqual([claim.metadata.name]);
  });

  test('the answer to a deletion is lost: it is gone all the same', async () => {
    await start();
    const claim = await it.claim();
    await it.until(claim, isReady);
    await it.azure.admin('POST', '/faults', { kind: 'lose-response', match: '^DELETE .*/agentPools/ws', times: 1 });
    await it.remove(claim);
    expect(await it.pools()).toEqual([]);
  });

  test('an operation that fails late is told, its pool taken away, and it is tried again', async () => {
    const error = {
      code: 'AllocationFailed',
      message: 'Allocation failed. We do not have sufficient capacity for the requested VM size in this region.',
    };
    await it.azure.admin('POST', '/operation-faults', { match: 'agentPools/ws', error, times: 1 });
    await start('--retry-after=10s');
    const claim = await it.claim();
    const refused = await it.until(claim, (seen) => launched(seen)?.reason === 'CapacityMissing');
    expect(launched(refused)?.message).toMatch(/capacity/i);
    await it.until(claim, isReady);
    expect(await it.pools()).toEqual([claim.metadata.name]);
  });

  test('an operation that never ends is ended by the launch timeout', async () => {
    await it.azure.admin('POST', '/operation-faults', { match: 'put.* .*agentPools/ws', hang: true, times: 1 });
    await start('--launch-timeout=3s');
    const claim = await it.claim();
    await it.until(
      claim,
      (seen) => launched(seen)?.message.includes('failed before: Standard_NC4as_T4_v3 (TimedOut)') === true,
    );
    const hanging = (await it.azure.admin('GET', '/operations')) as {
      id: string;
      status: string;
      resourceId: string;
    }[];
    for (const { id } of hanging.filter(
      ({ status, resourceId }) => status === 'InProgress' && resourceId.includes('/ws'),
    ))
      await it.azure.admin('POST', `/operations/${id}/release`);
    await it.remove(claim);
    expect(await it.pools()).toEqual([]);
  });

  test('throttled for a while, it waits as asked and goes on', async () => {
    await it.azure.admin('POST', '/faults', { kind: 'throttle', match: '/agentPools', times: 8, retryAfterSeconds: 1 });
    await start();
    await it.until(await it.claim(), isReady);
  });

  test('a right that is taken away while it runs is told with who lacks what where, and it goes on when it is back', async () => {
    await it.revoke();
    await start('--preflight=false');
    const claim = await it.claim();
    const refused = await it.until(claim, (seen) => launched(seen)?.reason === 'RightMissing');
    expect(launched(refused)?.message).toMatch(/Remedy: .*az role assignment create/);
    await it.grant();
    await it.until(claim, isReady);
  });

  test('a node that never joins ends the machine with a reason', async () => {
    await it.azure.admin('PUT', '/aks/behaviour/*', { joins: 'never' });
    await start('--registration-timeout=2s');
    const claim = await it.claim();
    await eventually({ client: it.kube.client, resource: coreEvents }, (all) =>
      all.some(
        ({ involvedObject, reason }) => involvedObject.name === claim.metadata.name && reason === 'RegistrationTimeout',
      ),
    );
    await it.gone(claim);
    expect(await it.pools()).toEqual([]);
  });

  test('two nodes for one machine are told, and one of them gone it goes on', async () => {
    await it.azure.admin('PUT', '/aks/behaviour/*', { joins: 'twice' });
    await start();
    const claim = await it.claim();
    const told = await it.until(claim, (seen) => conditionOf(seen, 'Registered')?.reason === 'MultipleNodesFound');
    expect(conditionOf(told, 'Registered')?.message).toMatch(/Remedy: az aks nodepool scale/);
    await it.azure.admin('DELETE', '/aks/behaviour/*');
    const { items } = await it.kube.client.list(nodes, nodesOf(claim.metadata.name!));
    expect(items).toHaveLength(2);
    await it.kube.client.delete(nodes, { name: items[1]!.metadata.name! });
    await it.until(claim, isReady);
  });

  test('a machine without its GPUs is not ready where that is asked for', async () => {
    await it.azure.admin('PUT', '/aks/behaviour/*', { gpus: false });
    await start('--wait-for-gpu=true');
    const claim = await it.claim();
    await it.until(claim, (seen) => conditionOf(seen, 'Initialized')?.message.includes('nvidia.com/gpu') === true);
    await it.azure.admin('DELETE', '/aks/behaviour/*');
    await it.until(claim, isReady);
  });

  test('a node that is not Ready takes Ready back, and is replaced after its time', async () => {
    await start('--repair-after=3s');
    const claim = await it.claim();
    await it.until(claim, isReady);
    await it.azure.admin('PUT', `/aks/behaviour/${claim.metadata.name}`, { ready: false });
    await it.until(claim, (seen) => conditionOf(seen, 'Ready')?.status === 'False');
    await it.gone(claim);
    expect(await it.pools()).toEqual([]);
    await it.azure.admin('DELETE', `/aks/behaviour/${claim.metadata.name}`);
  });

  test('a pool deleted by hand takes its claim with it', async () => {
    await start();
    const claim = await it.claim();
    await it.until(claim, isReady);
    await it.azure.arm('DELETE', `${it.id}/agentPools/${claim.metadata.name}`, '2025-02-01');
    await it.gone(claim);
  });

  test('a spot machine that is taken away takes its claim with it', async () => {
    await start();
    const spot = { key: 'karpenter.sh/capacity-type', operator: 'In' as const, values: ['spot'] };
    const claim = await it.claim({ requirements: [spot] });
    await it.until(claim, isReady);
    const { subscriptionId, resourceGroup, name } = it.address;
    await it.azure.admin('POST', `/aks/evict/${subscriptionId}/${resourceGroup}/${name}/${claim.metadata.name}`);
    await it.gone(claim);
    expect(await it.pools()).toEqual([]);
  });

  test('a stopped cluster is told, and it goes on when it runs', async () => {
    await it.azure.arm('POST', `${it.id}/stop`, '2025-02-01');
    await start();
    const claim = await it.claim();
    const told = await it.until(claim, (seen) => launched(seen)?.reason === 'ClusterStopped');
    expect(launched(told)?.message).toMatch(/Remedy: .*az aks start/);
    await it.azure.arm('POST', `${it.id}/start`, '2025-02-01');
    await it.until(claim, isReady);
  });
});

// The SDK keeps a token for as long as it was told, whatever Azure says of it.
test('tokens that end before their time are renewed', async () => {
  provisioner = await it.start('our client');
  await it.until(await it.claim(), isReady);
  await it.azure.admin('POST', '/tokens/expire', { principalId: it.identity.principalId });
  await it.until(await it.claim(), isReady);
});
