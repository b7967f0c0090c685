import type { ComputeSku, Usage } from '@kaito/azure';
import { expect, test } from 'vitest';
import { outlookOf } from './preflight.ts';

const sku: ComputeSku = {
  name: 'Standard_NC6s_v3',
  family: 'standardNCSv3Family',
  vCPUs: 6,
  zones: ['1', '2'],
  restrictions: [{ reason: 'NotAvailableForSubscription', zones: ['2'] }],
};
const usage = (name: string, current: number, limit: number): Usage => ({ name, localizedName: name, current, limit });
const roomy = [usage('cores', 0, 100), usage('standardNCSv3Family', 0, 12), usage('lowPriorityCores', 0, 3)];
const candidate = { vmSize: 'standard_nc6s_v3', spot: false };

test.each<[string, Parameters<typeof outlookOf>, string, string?]>([
  ['all is well', [candidate, [sku], roomy, 'westus3'], 'good'],
  ['nothing is known', [candidate, undefined, roomy, 'westus3'], 'unknown'],
  ['quotas are not known', [candidate, [sku], undefined, 'westus3'], 'unknown'],
  ['another region', [candidate, [], roomy, 'westus3'], 'poor', 'SKUNotAvailable'],
  [
    'not for this subscription',
    [candidate, [{ ...sku, restrictions: [{ reason: 'NotAvailableForSubscription' }] }], roomy, 'westus3'],
    'poor',
    'SKUNotAvailable',
  ],
  ['a zone that is offered', [{ ...candidate, zone: '1' }, [sku], roomy, 'westus3'], 'good'],
  ['a zone that is restricted', [{ ...candidate, zone: '2' }, [sku], roomy, 'westus3'], 'poor', 'ZoneNotAvailable'],
  ['a zone that it is not in', [{ ...candidate, zone: '3' }, [sku], roomy, 'westus3'], 'poor', 'ZoneNotAvailable'],
  [
    'the family is used up',
    [candidate, [sku], [usage('standardncsv3family', 7, 12)], 'westus3'],
    'poor',
    'QuotaExceeded',
  ],
  ['the region is used up', [candidate, [sku], [usage('cores', 95, 100)], 'westus3'], 'poor', 'QuotaExceeded'],
  ['spot counts for itself', [{ ...candidate, spot: true }, [sku], roomy, 'westus3'], 'poor', 'QuotaExceeded'],
])('%s', (_, asked, outlook, reason) => {
  expect(outlookOf(...asked)).toMatchObject({ outlook, ...(reason !== undefined && { reason }) });
});
