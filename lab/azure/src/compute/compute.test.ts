import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '@kaito/kube/testing';
import type { JsonObject } from '../store/store.ts';
import { type MemoryAzure, memoryAzure } from '../aks/testing/memory-azure.ts';
import { familyOf } from './families.ts';
import { sizesOffered } from './sizes.ts';

let azure: MemoryAzure;
const compute = (): string => `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Compute`;

beforeEach(() => {
  azure = memoryAzure({ clock: new ManualClock('2026-05-01T00:00:00Z') });
});

afterEach(() => azure.stop());

test.each([
  ['Standard_NC64as_T4_v3', 'Standard NCASv3_T4 Family', 'Standard NCASv3_T4 Family vCPUs'],
  ['Standard_NC24ads_A100_v4', 'StandardNCADSA100v4Family', 'Standard NCADS_A100_v4 Family vCPUs'],
  ['Standard_NC12s_v3', 'standardNCSv3Family', 'Standard NCSv3 Family vCPUs'],
  ['Standard_ND40rs_v2', 'standardNDSv2Family', 'Standard NDSv2 Family vCPUs'],
  ['Standard_D4s_v5', 'standardDSv5Family', 'Standard DSv5 Family vCPUs'],
  ['Standard_D8ds_v5', 'standardDDSv5Family', 'Standard DDSv5 Family vCPUs'],
  ['Standard_DS2_v2', 'standardDSv2Family', 'Standard DSv2 Family vCPUs'],
  ['Standard_B4ms', 'standardBSFamily', 'Standard BS Family vCPUs'],
  ['Standard_F16s_v2', 'standardFSv2Family', 'Standard FSv2 Family vCPUs'],
])('%s counts against %s', (size, name, localizedName) => {
  expect(familyOf(size)).toEqual({ name, localizedName });
});

test('every size has a family by name', () => {
  for (const { name } of sizesOffered(new Date('2020-01-01'))) expect(familyOf(name).name).not.toBe('standardFamily');
});

test.each([
  ['2025-09-29', true],
  ['2025-10-01', false],
])('a size that retires on 2025-09-30 on %s: %s', (day, offered) => {
  expect(sizesOffered(new Date(day)).some(({ name }) => name === 'Standard_NC12s_v3')).toBe(offered);
});

test('usages name family, region, machines and spot, with their limits', async () => {
  const { body } = await azure.call('GET', `${compute()}/locations/WestUS3/usages`);
  const usages = body['value'] as readonly JsonObject[];
  for (const value of ['cores', 'virtualMachines', 'lowPriorityCores', 'Standard NCASv3_T4 Family'])
    expect(usages).toContainEqual({
      limit: expect.any(Number),
      currentValue: 0,
      unit: 'Count',
      name: { value, localizedValue: expect.any(String) },
    });
  expect(await azure.call('GET', `${compute()}/locations/mars/usages`)).toMatchObject({
    status: 400,
    body: { code: 'NoRegisteredProviderFound' },
  });
});

const capability = (name: string, value: string) => expect.objectContaining({ name, value });

test('SKUs of a region tell capabilities, zones and restrictions', async () => {
  await azure.admin('PUT', '/compute/restrictions/westus3/Standard_NC64as_T4_v3', { zones: ['2'] });
  const list = async (location: string) => {
    const filter = encodeURIComponent(`location eq '${location}'`);
    const { body } = await azure.call('GET', `${compute()}/skus?$filter=${filter}&includeExtendedLocations=true`);
    return (body['value'] as readonly JsonObject[]).find(({ name }) => name === 'Standard_NC64as_T4_v3');
  };
  expect(await list('westus3')).toMatchObject({
    resourceType: 'virtualMachines',
    family: 'Standard NCASv3_T4 Family',
    locations: ['westus3'],
    locationInfo: [{ location: 'westus3', zones: ['1', '2', '3'] }],
    capabilities: expect.arrayContaining([
      capability('vCPUs', '64'),
      capability('MemoryGB', '440'),
      capability('GPUs', '4'),
    ]),
    restrictions: [
      {
        type: 'Zone',
        reasonCode: 'NotAvailableForSubscription',
        restrictionInfo: { zones: ['2'], locations: ['westus3'] },
      },
    ],
  });
  expect(await list('westus')).toMatchObject({ locationInfo: [{ zones: [] }], restrictions: [] });
  expect(await list('mars')).toBeUndefined();
  expect((await azure.call('GET', `${compute()}/skus?$filter=name eq 'x'`)).body['code']).toBe(
    'InvalidFilterInQueryString',
  );
});

test('a quota or size that does not exist cannot be set', async () => {
  const admin = (path: string, body: JsonObject) => azure.admin('PUT', path, body);
  await expect(admin(`/compute/quotas/${azure.subscriptionId}/westus3/nope`, { limit: 1 })).rejects.toThrow('nope');
  await expect(admin(`/compute/quotas/${azure.subscriptionId}/westus3/cores`, { limit: -1 })).rejects.toThrow('whole');
  await expect(admin('/compute/restrictions/westus3/nope', {})).rejects.toThrow('nope');
});
