import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { findMachine, loadCatalog } from '../catalog.ts';
import { GiB } from '../sizing/units.ts';
import { machineFromNodeLabels } from './node-labels.ts';
import { machinesFromSkuList } from './sku-list.ts';

const catalog = loadCatalog();

/** One entry as `az vm list-skus` prints it. */
function sku(name: string, capabilities: Record<string, string>, overrides: Record<string, unknown> = {}) {
  return {
    apiVersions: null,
    capabilities: Object.entries(capabilities).map(([key, value]) => ({ name: key, value })),
    family: 'standardNVSv3Family',
    locationInfo: [{ location: 'eastus2', zoneDetails: [], zones: ['3'] }],
    locations: ['eastus2'],
    name,
    resourceType: 'virtualMachines',
    restrictions: [],
    tier: 'Standard',
    ...overrides,
  };
}

const nv48 = sku('Standard_NV48s_v3', {
  MaxResourceVolumeMB: '1376256',
  OSVhdSizeMB: '1047552',
  vCPUs: '48',
  MemoryGB: '448',
  GPUs: '4',
  MaxDataDiskCount: '32',
});

test('a size that the catalog knows keeps its GPU, price and retirement', () => {
  const { machines, findings } = machinesFromSkuList([nv48], catalog);
  expect(findings).toEqual([]);
  expect(machines).toEqual([
    { ...findMachine(catalog, 'Standard_NV48s_v3'), provenance: { source: 'az vm list-skus' } },
  ]);
});

test('new sizes are learned: CPU, NVMe, and GPUs that the name tells', () => {
  const list = JSON.stringify([
    sku('Standard_D8ds_v6', { vCPUs: '8', MemoryGB: '32', NvmeDiskSizeInMiB: '450560' }),
    sku('Standard_NC80adis_H100_v6', { vCPUs: '80', MemoryGB: '640', GPUs: '2' }),
    sku('Standard_ND128isr_H100_v6', { vCPUs: '128', MemoryGB: '2000', GPUs: '8' }),
    sku('Standard_NC12ads_T4_v4', { vCPUs: '12', MemoryGB: '110', GPUs: '1' }),
    sku('Standard_LRS', {}, { resourceType: 'snapshots', capabilities: null }),
  ]);
  const { machines } = machinesFromSkuList(list, catalog);
  expect(machines).toEqual([
    {
      name: 'Standard_D8ds_v6',
      cloud: 'azure',
      vcpus: 8,
      memoryGiB: 32,
      nvmeGiB: 440,
      provenance: { source: 'az vm list-skus' },
    },
    expect.objectContaining({
      name: 'Standard_NC80adis_H100_v6',
      gpu: { model: 'NVIDIA H100 NVL', memoryGiB: 94, count: 2, computeCapability: '9.0' },
    }),
    expect.objectContaining({ gpu: { model: 'NVIDIA H100', memoryGiB: 80, count: 8, computeCapability: '9.0' } }),
    expect.objectContaining({ gpu: { model: 'NVIDIA T4', memoryGiB: 16, count: 1, computeCapability: '7.5' } }),
  ]);
});

test('a GPU that nothing tells is a warning, not a guess', () => {
  const list = [
    sku('Standard_ND64_Mystery_v1', { vCPUs: '64', MemoryGB: '900', GPUs: '8' }),
    sku('Standard_ND96asr_A100_v9', { vCPUs: '96', MemoryGB: '900', GPUs: '8' }),
  ];
  const { machines, findings } = machinesFromSkuList(list, catalog);
  expect(machines).toEqual([]);
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
    ['UnknownGpu', 'warning'],
    ['UnknownGpu', 'warning'],
  ]);
});

test('restrictions are told with reason and place', () => {
  const restrictions = [
    {
      type: 'Location',
      values: ['eastus2'],
      restrictionInfo: { locations: ['eastus2'], zones: null },
      reasonCode: 'NotAvailableForSubscription',
    },
    {
      type: 'Zone',
      values: ['eastus2'],
      restrictionInfo: { locations: ['eastus2'], zones: ['1', '2'] },
      reasonCode: 'NotAvailableForSubscription',
    },
  ];
  expect(machinesFromSkuList([{ ...nv48, restrictions }], catalog).restrictions).toEqual([
    { name: 'Standard_NV48s_v3', reason: 'NotAvailableForSubscription', locations: ['eastus2'], zones: [] },
    { name: 'Standard_NV48s_v3', reason: 'NotAvailableForSubscription', locations: ['eastus2'], zones: ['1', '2'] },
  ]);
});

test('what is no such list is a finding, and no JSON makes it throw', () => {
  for (const list of ['', '{"error": "login"}', 'null', undefined, 3]) {
    expect(machinesFromSkuList(list, catalog).findings).toMatchObject([{ code: 'NotSkuList', severity: 'error' }]);
  }
  const noise = fc.array(
    fc.record({
      name: fc.string(),
      resourceType: fc.constant('virtualMachines'),
      capabilities: fc.jsonValue(),
      restrictions: fc.jsonValue(),
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.json(), noise), (list) => {
      expect(Array.isArray(machinesFromSkuList(list, catalog).findings)).toBe(true);
    }),
  );
});

const t4 = {
  'node.kubernetes.io/instance-type': 'g4dn.12xlarge',
  'nvidia.com/gpu.product': 'Tesla-T4',
  'nvidia.com/gpu.count': '4',
  'nvidia.com/gpu.memory': '15360',
  'nvidia.com/gpu.compute.major': '7',
  'nvidia.com/gpu.compute.minor': '5',
};

test('GPU labels describe a machine type that the catalog does not know', () => {
  expect(machineFromNodeLabels(t4, catalog, { vcpus: 48, memoryBytes: 192 * GiB })).toEqual({
    findings: [],
    machine: {
      name: 'g4dn.12xlarge',
      cloud: 'unknown',
      vcpus: 48,
      memoryGiB: 192,
      nvmeGiB: 0,
      gpu: { model: 'NVIDIA T4', count: 4, memoryGiB: 16, computeCapability: '7.5' },
      provenance: { source: "the node's labels" },
    },
  });
});

test('a known machine type is the catalog’s, with the GPUs that the node reports', () => {
  const name = 'standard_nc24ads_a100_v4';
  expect(machineFromNodeLabels({ 'node.kubernetes.io/instance-type': name }, catalog).machine).toEqual(
    findMachine(catalog, name),
  );
  const sliced = machineFromNodeLabels(
    {
      'node.kubernetes.io/instance-type': name,
      'nvidia.com/gpu.product': 'NVIDIA-A100-80GB-PCIe-MIG-1g.10gb',
      'nvidia.com/gpu.count': '7',
      'nvidia.com/gpu.memory': '9728',
    },
    catalog,
  );
  expect(sliced.machine?.gpu).toEqual({ model: 'NVIDIA A100 80GB PCIe MIG 1g.10gb', count: 7, memoryGiB: 9.5 });
});

test.each([
  ['NVIDIA-A100-SXM4-40GB', '40960', 'NVIDIA A100', 40],
  ['NVIDIA-A100-SXM4-80GB', '81920', 'NVIDIA A100', 80],
  ['NVIDIA-H100-80GB-HBM3', '81559', 'NVIDIA H100', 80],
  ['NVIDIA-H100-NVL', '95830', 'NVIDIA H100 NVL', 94],
  ['NVIDIA-A10', '23028', 'NVIDIA A10', 24],
  ['NVIDIA-L4', '23034', 'NVIDIA L4', 23_034 / 1024],
])('%s with %s MiB is %s of %d GiB', (product, memory, model, memoryGiB) => {
  const { machine } = machineFromNodeLabels(
    { ...t4, 'nvidia.com/gpu.product': product, 'nvidia.com/gpu.memory': memory },
    catalog,
  );
  expect(machine?.gpu).toMatchObject({ model, memoryGiB });
});

test('a node that says nothing of its GPUs and whose type is unknown is a warning', () => {
  const { machine, findings } = machineFromNodeLabels({ 'node.kubernetes.io/instance-type': 'bare-metal' }, catalog);
  expect(machine?.gpu).toBeUndefined();
  expect(findings).toMatchObject([{ code: 'UnknownMachineType', severity: 'warning' }]);
  expect(machineFromNodeLabels({}, catalog)).toEqual({ findings: [] });
  const damaged = { ...t4, 'nvidia.com/gpu.memory': '-5', 'nvidia.com/gpu.count': 'NaN' };
  expect(machineFromNodeLabels(damaged, catalog).machine?.gpu).toBeUndefined();
});
