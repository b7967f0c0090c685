import type { Workspace } from '@kaito/api';
import { describe, expect, test } from 'vitest';
import { type CloudFacts, nothingKnown } from './facts.ts';
import { plan } from './planner.ts';
import { catalog, clusterOf, codes, known, node, planFor, workspace } from './testing/factories.ts';

const seed = { preset: 'mistral-7b-instruct', instanceType: 'Standard_NC64as_T4_v3' } as const;
const cloud = (...offers: { offered: boolean; restriction?: string; quotaLeft?: number }[]) => ({
  ...nothingKnown,
  cloud: known({
    region: 'westus3',
    offers: offers.map((offer) => ({ instanceType: seed.instanceType, zones: [], ...offer })),
  }),
});
const hash = (written: Workspace) => plan(written, catalog, nothingKnown, { target: 'cluster' }).inputsHash;

function unseenTold(unseen: NonNullable<CloudFacts['unseen']>, offered: boolean) {
  const offers = offered ? [{ instanceType: seed.instanceType, offered, zones: [] }] : [];
  const made = planFor(seed, {}, { ...nothingKnown, cloud: known({ region: 'westus3', offers, unseen }) });
  expect(made.admitted).toBe(true);
  return made.findings.filter(({ code }) => /^(Quota|Sku)/.test(code));
}

describe('facts of the cluster and the cloud', () => {
  const labels = { apps: seed.preset, 'node.kubernetes.io/instance-type': seed.instanceType };

  test('ready nodes that match count', () => {
    const facts = clusterOf(
      node({ labels, gpuCapacity: 4 }),
      node({ labels, ready: false }),
      node({ labels: { ...labels, apps: 'other' } }),
      node({ labels: { ...labels, 'node.kubernetes.io/instance-type': 'Standard_D8s_v5' } }),
    );
    const made = planFor({ ...seed, count: 3 }, {}, facts);
    expect(made.placement?.machinesWanted).toBe(2);
    expect(codes(made, 'info')).toContain('ExistingNodesUsed');
  });

  test('without an instanceType too few nodes only warn', () => {
    const made = planFor({ ...seed, instanceType: '' }, {}, clusterOf());
    expect(made.admitted).toBe(true);
    expect(codes(made, 'warning')).toEqual(['NotEnoughNodes']);
    const poor = planFor({ ...seed, instanceType: '' }, {}, clusterOf(node({ labels: { apps: seed.preset } })));
    expect(codes(poor, 'warning')).toEqual(['NodesWithoutGPUs']);
  });

  test('an offer that lacks, a restriction and a quota warn and never refuse', () => {
    const told = (facts: ReturnType<typeof cloud>) => {
      const made = planFor(seed, {}, facts);
      expect(made.admitted).toBe(true);
      return codes(made, 'warning').filter((code) => code !== 'Bfloat16Emulated');
    };
    expect(told(cloud())).toEqual(['SkuNotOffered']);
    expect(told(cloud({ offered: false }))).toEqual(['SkuNotOffered']);
    expect(told(cloud({ offered: true, restriction: 'NotAvailableForSubscription', quotaLeft: 63 }))).toEqual([
      'SkuRestricted',
      'InsufficientQuota',
    ]);
    expect(told(cloud({ offered: true, quotaLeft: 64 }))).toEqual([]);
  });

  test('what the cloud does not tell is said, and never taken for a lack', () => {
    const remedy = 'az role assignment create --role Reader';
    const unknown = { code: 'QuotaUnknown', severity: 'info', remedy };
    expect(unseenTold({ what: 'quota', why: 'You lack a right.', remedy }, true)).toMatchObject([unknown]);
    expect(unseenTold({ what: 'offers and quota', why: 'Azure gave no answer in time.', remedy }, false)).toMatchObject(
      [{ ...unknown, message: expect.stringContaining('Azure gave no answer in time.') }],
    );
    expect(unseenTold({ what: 'quota', why: 'You lack a right.' }, false)).toMatchObject([
      { code: 'QuotaUnknown' },
      { code: 'SkuNotOffered' },
    ]);
  });

  test('the selector takes expressions of one value and leaves out labels that KAITO sets', () => {
    const written = workspace(seed);
    written.resource!.labelSelector = {
      matchLabels: { apps: 'x', 'kaito.sh/workspace': 'other' },
      matchExpressions: [{ key: 'pool', operator: 'In', values: ['gpu'] }],
    };
    const made = plan(written, catalog, nothingKnown, { target: 'cluster' });
    expect(made.placement?.nodeSelector).toEqual({ apps: 'x', pool: 'gpu' });
    written.resource!.labelSelector = { matchExpressions: [{ key: 'pool', operator: 'NotIn', values: ['gpu'] }] };
    expect(codes(plan(written, catalog, nothingKnown, { target: 'cluster' }), 'error')).toEqual([
      'UnsupportedSelector',
    ]);
  });
});

describe('inputsHash', () => {
  test('follows what decides, and nothing else', () => {
    const base = hash(workspace(seed));
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    const noisy: Workspace = {
      ...workspace({ ...seed, count: 1, accessMode: 'public' }),
      apiVersion: 'kaito.sh/v1beta1',
    };
    noisy.metadata = { ...noisy.metadata, uid: 'u', generation: 7, annotations: { 'other.example/x': 'y' } };
    noisy.status = { state: 'Ready' };
    expect(hash(noisy)).toBe(base);
    expect(planFor({ ...seed, name: 'workspace-test' }, {}, clusterOf()).inputsHash).toBe(base);
    for (const other of [
      workspace({ ...seed, count: 2 }),
      workspace({ ...seed, image: 'r.example/m:1' }),
      workspace({ ...seed, annotations: { 'kaito.sh/bypass-resource-checks': '' } }),
    ]) {
      expect(hash(other)).not.toBe(base);
    }
  });
});
