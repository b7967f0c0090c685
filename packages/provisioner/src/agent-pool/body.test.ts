import type { KaitoNodeClassSpec } from '@kaito/api';
import { loadCatalog } from '@kaito/catalog';
import { expect, test } from 'vitest';
import { nodeClaim } from '../testing/claims.ts';
import { poolBody } from './body.ts';
import { assertPoolName } from './name.ts';

const claim = nodeClaim({ uid: 'uid-1' });

function body(fields: Parameters<typeof nodeClaim>[0] = {}, nodeClass: KaitoNodeClassSpec = {}, candidate = {}) {
  return poolBody({
    claim: nodeClaim({ uid: 'uid-1', ...fields }),
    nodeClass,
    candidate: { vmSize: 'Standard_NC12s_v3', spot: false, ...candidate },
    labels: {},
    subnets: {},
    catalog: loadCatalog(),
    now: new Date('2026-01-02T03:04:05Z'),
  });
}
const disk = (storage: string, nodeClass: KaitoNodeClassSpec = {}) =>
  body({ resources: { requests: { storage } } }, nodeClass).osDiskSizeGB;

test('the pool of a claim of KAITO is the one the Go provisioner asks for, with tags and mode', () => {
  expect(body()).toEqual({
    count: 1,
    vmSize: 'Standard_NC12s_v3',
    type: 'VirtualMachineScaleSets',
    mode: 'User',
    osType: 'Linux',
    osSKU: 'Ubuntu',
    osDiskSizeGB: 120,
    nodeLabels: {
      'karpenter.sh/nodepool': 'kaito',
      'kaito.sh/workspace': 'phi',
      'kaito.sh/workspacenamespace': 'default',
      'kaito.sh/machine-type': 'gpu',
      'kaito.sh/creation-timestamp': '2026-01-01T00-00-00Z',
    },
    nodeTaints: ['sku=gpu:NoSchedule'],
    tags: {
      'kaito.sh_nodeclaim-uid': 'uid-1',
      'kaito.sh_nodeclaim': claim.metadata.name,
      'kaito.sh_created-at': '2026-01-02T03:04:05Z',
    },
  });
});

test('W24: everything that a KaitoNodeClass says is a property of the pool', () => {
  const network = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets';
  const nodeClass: KaitoNodeClassSpec = {
    tags: { team: 'ai', 'kaito.sh_nodeclaim-uid': 'somebody' },
    vnetSubnetID: `${network}/nodes`,
    podSubnetID: `${network}/pods`,
    osSKU: 'AzureLinux',
    osDisk: { type: 'Ephemeral', sizeGiB: 200 },
    maxPods: 30,
    mode: 'System',
    gpuDriver: 'None',
    spot: { maxPrice: '1.25' },
  };
  expect(body({}, nodeClass, { zone: '2', spot: true })).toMatchObject({
    tags: { team: 'ai', 'kaito.sh_nodeclaim-uid': 'uid-1' },
    vnetSubnetID: `${network}/nodes`,
    podSubnetID: `${network}/pods`,
    osSKU: 'AzureLinux',
    osDiskType: 'Ephemeral',
    osDiskSizeGB: 200,
    maxPods: 30,
    mode: 'System',
    gpuProfile: { driver: 'None' },
    availabilityZones: ['2'],
    scaleSetPriority: 'Spot',
    scaleSetEvictionPolicy: 'Delete',
    spotMaxPrice: 1.25,
    nodeLabels: { 'karpenter.sh/capacity-type': 'spot' },
  });
});

test.each([
  ['30Gi', 30],
  ['100G', 94],
  ['512Mi', 30],
  ['400', 30],
  ['120.2Gi', 121],
  ['2Ti', 2048],
])('W10: a disk of %s has %d GiB', (storage, size) => {
  expect(disk(storage)).toBe(size);
});

test.each([
  ['0', 'storage request of nodeclaim(ws0a1b2c3d4) should be more than 0'],
  ['much', 'storage request of nodeclaim(ws0a1b2c3d4) should be more than 0'],
  ['2049Gi', 'an OS disk has 2048 GiB at most'],
])('W10: a disk of %s is refused', (storage, message) => {
  expect(() => disk(storage)).toThrow(message);
});

test('a claim without storage takes the size of its class; one that is too small for the claim is refused', () => {
  expect(() => body({ resources: {} })).toThrow('should be more than 0');
  expect(body({ resources: {} }, { osDisk: { sizeGiB: 64 } }).osDiskSizeGB).toBe(64);
  expect(() => disk('120Gi', { osDisk: { sizeGiB: 64 } })).toThrow('needs a disk of 120 GiB');
});

test.each([
  ['AzureLinux', 'AzureLinux'],
  ['azurelinux', 'AzureLinux'],
  ['Ubuntu', 'Ubuntu'],
  ['Unknown', 'Ubuntu'],
])('image family %s is %s', (family, osSKU) => {
  const annotations = { 'kaito.sh/node-image-family': family };
  expect(body({ annotations, labels: { 'kaito.sh/node-image-family': 'AzureLinux' } }).osSKU).toBe(osSKU);
});

test('W9: a GPU size in small letters is one', () => {
  expect(body({}, {}, { vmSize: 'standard_nc12s_v3' }).nodeLabels?.['kaito.sh/machine-type']).toBe('gpu');
  expect(body({}, {}, { vmSize: 'standard_nx99_v9' }).nodeLabels?.['kaito.sh/machine-type']).toBe('gpu');
  expect(body({}, {}, { vmSize: 'Standard_D8s_v5' }).nodeLabels?.['kaito.sh/machine-type']).toBe('cpu');
});

test('taints are written as AKS reads them, none as an empty list', () => {
  const taints = [{ key: 'a', effect: 'NoExecute' } as const, { key: 'b', value: 'c', effect: 'NoSchedule' } as const];
  expect(body({ taints }).nodeTaints).toEqual(['a=:NoExecute', 'b=c:NoSchedule']);
  expect(body({ taints: [] }).nodeTaints).toEqual([]);
});

test.each(['invalid-name', 'Upper', '1a', 'agentpool0000', ''])('the name %s is refused', (name) => {
  expect(() => assertPoolName(name)).toThrow('is invalid, must match regex pattern: ^[a-z][a-z0-9]{0,11}$');
});

test('a name of twelve characters is one', () => {
  expect(() => assertPoolName('agentpool000')).not.toThrow();
});
