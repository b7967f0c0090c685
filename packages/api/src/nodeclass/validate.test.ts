import { expect, test } from 'vitest';
import { validateNodeClass } from './validate.ts';

const nodeClass = (spec: unknown): unknown => ({
  apiVersion: 'kaito.sh/v1alpha1',
  kind: 'KaitoNodeClass',
  metadata: { name: 'default' },
  spec,
});
const problems = (object: unknown): string[] => validateNodeClass(object).map(({ code, path }) => `${code} ${path}`);

test('admits each field', () => {
  const network = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets';
  expect(
    problems(
      nodeClass({
        tags: { team: 'ai' },
        vnetSubnetID: `${network}/nodes`,
        podSubnetID: `${network}/pods`,
        zones: ['1', '2'],
        osSKU: 'AzureLinux',
        osDisk: { type: 'Ephemeral', sizeGiB: 120 },
        maxPods: 30,
        mode: 'User',
        gpuDriver: 'Install',
        spot: { maxPrice: '1.25' },
      }),
    ),
  ).toEqual([]);
  expect(problems({ apiVersion: 'kaito.sh/v1alpha1', kind: 'KaitoNodeClass', metadata: { name: 'default' } })).toEqual(
    [],
  );
});

test.each([
  [{ vnetSubnetID: 'nodes' }, 'InvalidValue spec.vnetSubnetID'],
  [{ zones: ['a'] }, 'InvalidValue spec.zones[0]'],
  [{ zones: [1] }, 'InvalidType spec.zones[0]'],
  [{ zones: [] }, 'InvalidValue spec.zones'],
  [{ osSKU: 'Windows' }, 'InvalidValue spec.osSKU'],
  [{ osDisk: { sizeGiB: 8 } }, 'InvalidValue spec.osDisk.sizeGiB'],
  [{ maxPods: 5 }, 'InvalidValue spec.maxPods'],
  [{ spot: { maxPrice: 1.25 } }, 'InvalidType spec.spot.maxPrice'],
  [{ spot: { maxPrice: '-2' } }, 'InvalidValue spec.spot.maxPrice'],
  [{ spot: {}, mode: 'System' }, 'MutuallyExclusive spec.spot'],
  [{ zone: ['1'] }, 'UnknownField spec.zone'],
  [{ tags: { 'a/b': 'x' } }, 'InvalidValue spec.tags["a/b"]'],
  [{ tags: { 'kaito.sh_nodeclaim-uid': 'x' } }, 'InvalidValue spec.tags["kaito.sh_nodeclaim-uid"]'],
])('refuses %j', (spec, problem) => {
  expect(problems(nodeClass(spec))).toEqual([problem]);
});

test.each([null, undefined, 1, 'x', [], { spec: null }, { spec: 1 }])('never throws: %j', (object) => {
  expect(problems(object).length).toBeGreaterThan(0);
});

test('suggests the field that was meant', () => {
  expect(validateNodeClass(nodeClass({ zone: ['1'] }))[0]?.remedy).toBe('Did you mean spec.zones?');
});
