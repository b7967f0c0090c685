import { describe, expect, test } from 'vitest';
import { azureOf, type World, worldWith } from '../testing/azure.ts';
import { brief } from '../testing/brief.ts';
import { machineTypeChecks } from './machines.ts';

describe('machine types', () => {
  const type = 'Standard_NC64as_T4_v3';
  const sku = { name: type, family: 'Standard NCASv3_T4 Family', vCPUs: 64, zones: ['1', '2'], restrictions: [] };
  const quota = (limit: number, current = 0) => ({
    name: sku.family,
    localizedName: 'NCASv3_T4 vCPUs',
    current,
    limit,
  });
  const pool = {
    id: 'p',
    name: 'ws1',
    properties: { vmSize: type, count: 1, nodeLabels: { 'kaito.sh/workspace': 'w' } },
  };
  const look = async (fields: Partial<World>, machines = new Map([[type, 1]])) =>
    brief(await machineTypeChecks(azureOf(worldWith(fields)), 'westus3', machines, async () => fields.pools ?? []));

  test.each<[string, Partial<World>, readonly string[]]>([
    [
      'enough',
      { skus: [sku], usages: [quota(64)] },
      [
        `ok machine type: ${type} is offered in westus3 in zones 1, 2`,
        `ok quota: for ${type} 64 of 64 vCPUs left of NCASv3_T4 vCPUs; 1 to be rented take 64`,
      ],
    ],
    [
      'none of the quota left',
      { skus: [sku], usages: [quota(100, 40)] },
      [
        expect.stringMatching(/^ok/),
        expect.stringMatching(
          /^failed quota: .* 60 of 100 vCPUs left .*1 to be rented take 64 \| az quota update --resource-name 'Standard NCASv3_T4 Family' .* --limit-object value=104$/,
        ),
      ],
    ],
    [
      'all machines are there',
      { skus: [sku], usages: [quota(64, 64)], pools: [pool] },
      [expect.stringMatching(/^ok/), expect.stringMatching(/^warning .*one more machine takes 64/)],
    ],
    [
      'not offered',
      { skus: [] },
      [expect.stringMatching(/^failed .* is not offered in westus3 \| az vm list-skus -l westus3/)],
    ],
    [
      'restricted',
      { skus: [{ ...sku, restrictions: [{ reason: 'NotAvailableForSubscription' }] }] },
      [expect.stringMatching(/^failed .*NotAvailableForSubscription/)],
    ],
    [
      'a zone is closed',
      { skus: [{ ...sku, restrictions: [{ reason: 'x', zones: ['2'] }] }], usages: [quota(64)] },
      [`warning machine type: ${type} is offered in westus3 in zone 1, not in 2`, expect.stringMatching(/^ok/)],
    ],
    [
      'quota that may not be read',
      { skus: [sku], forbidden: ['Microsoft.Compute/locations/usages/read'] },
      [expect.stringMatching(/^ok/), expect.stringMatching(/^unknown quota: not seen: You lack Microsoft\.Compute/)],
    ],
  ])('%s', async (_, fields, expected) => {
    expect(await look(fields)).toEqual(expected);
  });

  test('a type that is misspelt', async () => {
    expect(await look({}, new Map([['Standard_NC64as_T4_v33', 1]]))).toEqual([
      expect.stringContaining('did you mean Standard_NC64as_T4_v3?'),
    ]);
  });
});
