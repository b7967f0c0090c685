import { expect, test } from 'vitest';
import type { Session } from '../../session.ts';
import { recording } from '../../terminal/recording.ts';
import { azureOf, subscriptionId, type World, worldWith } from '../testing/azure.ts';
import { memoryCluster } from '../testing/cluster.ts';
import { factsOfCloud, offersIn } from './cloud-facts.ts';

const sku = {
  name: 'Standard_NC64as_T4_v3',
  family: 'standardNCASv3_T4Family',
  vCPUs: 64,
  zones: ['1', '2'],
  restrictions: [{ reason: 'x', zones: ['2'] }],
};
const usages = [
  { name: 'cores', localizedName: 'Total Regional vCPUs', current: 90, limit: 100 },
  { name: 'StandardNCASv3_T4Family', localizedName: 'NCASv3_T4', current: 0, limit: 64 },
];
const offers = (fields: Partial<World>) =>
  offersIn(azureOf(worldWith(fields)), 'westus3', new AbortController().signal);

test('the tighter of both quotas, and the zones that are open', async () => {
  expect(await offers({ skus: [sku], usages })).toEqual({
    region: 'westus3',
    offers: [{ instanceType: sku.name, offered: true, zones: ['1'], quotaLeft: 10 }],
  });
});

test('quotas that may not be read', async () => {
  expect(await offers({ skus: [sku], forbidden: ['Microsoft.Compute/locations/usages/read'] })).toEqual({
    region: 'westus3',
    offers: [{ instanceType: sku.name, offered: true, zones: ['1'] }],
    unseen: { what: 'quota', why: 'You lack Microsoft.Compute/locations/usages/read.', remedy: 'az mend' },
  });
});

test('nobody is asked for a cluster that is not of Azure, and nothing fails where nobody is logged in', async () => {
  const session = {
    terminal: recording(false, { PATH: '/no/such/directory', AZURE_CLIENT_SECRET: 's' }),
    now: () => 0,
  } as unknown as Session;
  const facts = async (providerID: string) => {
    const { cluster, client } = memoryCluster();
    const node = { metadata: { labels: { 'topology.kubernetes.io/region': 'westus3' } }, spec: { providerID } };
    client.raw = async () => ({ items: [node] });
    return await factsOfCloud(session, cluster);
  };
  expect(await facts('kind://docker/kind/node')).toEqual({ state: 'unknown' });
  expect(await facts(`azure:///subscriptions/${subscriptionId}/resourceGroups/mc/providers/x`)).toMatchObject({
    state: 'known',
    value: {
      region: 'westus3',
      offers: [],
      unseen: { what: 'offers and quota', why: expect.stringContaining('AZURE_CLIENT_ID') },
    },
  });
});
