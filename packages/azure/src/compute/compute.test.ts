import { expect, test } from 'vitest';
import { azureAgainst } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';

test('usages are those of the region', async () => {
  await using stub = await stubAzure(() => ({
    body: {
      value: [
        {
          name: { value: 'cores', localizedValue: 'Total Regional vCPUs' },
          currentValue: 12,
          limit: 100,
          unit: 'Count',
        },
        { name: {}, currentValue: 1 },
      ],
    },
  }));
  expect(await azureAgainst(stub).compute('sub').usages('westus3')).toEqual([
    { name: 'cores', localizedName: 'Total Regional vCPUs', current: 12, limit: 100 },
  ]);
  expect(stub.seen[0]!.url).toBe(
    '/subscriptions/sub/providers/Microsoft.Compute/locations/westus3/usages?api-version=2024-11-01',
  );
});

test('machine types come with their quota, zones and restrictions', async () => {
  const sku = {
    resourceType: 'virtualMachines',
    name: 'Standard_NC6s_v3',
    family: 'standardNCSv3Family',
    locations: ['WestUS3'],
    locationInfo: [{ location: 'westus3', zones: ['3', '1'] }],
    capabilities: [{ name: 'vCPUs', value: '6' }],
    restrictions: [
      {
        type: 'Zone',
        values: ['westus3'],
        restrictionInfo: { locations: ['westus3'], zones: ['3'] },
        reasonCode: 'NotAvailableForSubscription',
      },
      { type: 'Location', values: ['eastus'], restrictionInfo: { locations: ['eastus'] }, reasonCode: 'QuotaId' },
    ],
  };
  const gone = {
    ...sku,
    name: 'Standard_NC6',
    locationInfo: [],
    restrictions: [{ type: 'Location', values: ['westus3'], reasonCode: 'NotAvailableForSubscription' }],
  };
  await using stub = await stubAzure(() => ({
    body: { value: [sku, gone, { ...sku, resourceType: 'disks' }, { ...sku, locations: ['eastus'] }, null] },
  }));
  expect(await azureAgainst(stub).compute('sub').skus('westus3')).toEqual([
    {
      name: 'Standard_NC6s_v3',
      family: 'standardNCSv3Family',
      vCPUs: 6,
      zones: ['1', '3'],
      restrictions: [{ reason: 'NotAvailableForSubscription', zones: ['3'] }],
    },
    {
      name: 'Standard_NC6',
      family: 'standardNCSv3Family',
      vCPUs: 6,
      zones: [],
      restrictions: [{ reason: 'NotAvailableForSubscription' }],
    },
  ]);
  expect(new URL(stub.seen[0]!.url, stub.origin).searchParams.get('$filter')).toBe("location eq 'westus3'");
});

test('where usages may not be read, the right that is missing is told', async () => {
  await using stub = await stubAzure(() => refusal(403, 'AuthorizationFailed', 'no'));
  await expect(azureAgainst(stub).compute('sub').usages('westus3')).rejects.toMatchObject({ code: 'RightMissing' });
});
