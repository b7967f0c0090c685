import type { Workspace } from '@kaito/api';
import { GiB, MiB } from '@kaito/catalog';
import { describe, expect, test } from 'vitest';
import { nothingKnown } from './facts.ts';
import type { Plan } from './plan.ts';
import { plan } from './planner.ts';
import {
  catalog,
  clusterOf,
  codes,
  hostWith,
  known,
  machineWith,
  node,
  planFor,
  planHere,
  workspace,
} from './testing/factories.ts';

function finding(of: Plan, code: string) {
  return of.findings.find((one) => one.code === code);
}

const seed = { preset: 'mistral-7b-instruct', instanceType: 'Standard_NC64as_T4_v3' } as const;

const price = (amount: number) =>
  ({ amount, currency: 'USD', per: 'hour', region: 'test', provenance: { source: 'test' } }) as const;
const gpu = (memoryBytes: number) => hostWith({ gpus: [{ model: 'NVIDIA RTX 4090', memoryBytes }] });
const cloud = (...offers: { offered: boolean; restriction?: string; quotaLeft?: number }[]) => ({
  ...nothingKnown,
  cloud: known({
    region: 'westus3',
    offers: offers.map((offer) => ({ instanceType: seed.instanceType, zones: [], ...offer })),
  }),
});
const hash = (written: Workspace) => plan(written, catalog, nothingKnown, { target: 'cluster' }).inputsHash;

describe('model', () => {
  test('an unknown preset names the nearest', () => {
    const made = planFor({ preset: 'mistral-7b-instuct' });
    expect(codes(made, 'error')).toEqual(['UnknownPreset']);
    expect(finding(made, 'UnknownPreset')?.remedy).toContain('"mistral-7b-instruct"');
    expect(made.model).toBeUndefined();
  });

  test('a quantisation is chosen by name, and an unknown one lists what there is', () => {
    expect(planHere({ preset: 'smollm2-360m-instruct' }, { quantisation: 'Q8_0' }).model?.file?.quantisation).toBe(
      'q8_0',
    );
    const refused = planHere({ preset: 'smollm2-360m-instruct' }, { quantisation: 'q9' });
    expect(codes(refused, 'error')).toEqual(['UnknownQuantisation']);
    expect(finding(refused, 'UnknownQuantisation')?.remedy).toContain('q4_k_m, q8_0');
  });

  test('options that cannot act say so', () => {
    expect(codes(planFor(seed, { quantisation: 'q8_0' }), 'warning')).toContain('OptionIgnored');
    expect(codes(planFor(seed, { quantisedEquivalent: true }), 'warning')).toContain('OptionIgnored');
    expect(codes(planFor(seed, { parallel: 4 }), 'warning')).toContain('OptionIgnored');
  });

  test('neither preset nor template is nothing to run', () => {
    expect(codes(planFor({}), 'error')).toEqual(['NothingToRun']);
  });
});

describe('image', () => {
  test("the Workspace's image goes before the preset's, whatever accessMode says", () => {
    const image = 'kaitolab.azurecr.io/mistral-7b-instruct:0.0.2';
    for (const accessMode of [undefined, 'public', 'private'] as const) {
      expect(planFor({ ...seed, image, ...(accessMode && { accessMode }) }).runtime?.image).toBe(image);
    }
  });

  test('the public image lies in the registry that is asked for', () => {
    expect(planFor(seed).runtime?.image).toBe('mcr.microsoft.com/aks/kaito/kaito-mistral-7b-instruct:0.0.2');
    expect(planFor(seed, { presetRegistry: 'mirror.example/kaito' }).runtime?.image).toBe(
      'mirror.example/kaito/kaito-mistral-7b-instruct:0.0.2',
    );
  });

  test('a private preset, or accessMode private, needs one', () => {
    expect(codes(planFor({ preset: 'llama-2-7b', instanceType: 'Standard_NC24ads_A100_v4' }), 'error')).toEqual([
      'ImageRequired',
    ]);
    expect(codes(planFor({ ...seed, accessMode: 'private' }), 'error')).toEqual(['ImageRequired']);
  });

  test('Secrets are references', () => {
    const written = workspace(seed);
    written.inference!.preset!.presetOptions = {
      image: 'r.example/m:1',
      imagePullSecrets: ['pull'],
      modelAccessSecret: 'hub',
    };
    const { runtime } = plan(written, catalog, nothingKnown, { target: 'cluster' });
    expect(runtime?.imagePullSecrets).toEqual([{ name: 'pull' }]);
    expect(runtime?.modelAccessSecret).toEqual({ name: 'hub', key: 'HF_TOKEN' });
  });
});

describe('memory', () => {
  test("the seed is accounted by arithmetic, and the preset's figure is shown", () => {
    const { memory } = planFor(seed);
    expect(memory).toMatchObject({ device: 'gpu', weightsBytes: 14_483_464_192, kvCacheBytes: 256 * MiB, fits: true });
    expect(memory?.requiredBytes).toBe(memory!.weightsBytes + memory!.kvCacheBytes + memory!.overheadBytes);
    expect(memory?.explanation.join(' ')).toContain("The preset's own figure is 16 GiB");
  });

  test('a refusal has the account in words and what would work', () => {
    const made = planFor({ ...seed, instanceType: 'Standard_NV6ads_A10_v5' });
    expect(codes(made, 'error')).toEqual(['InsufficientGPUMemory']);
    expect(finding(made, 'InsufficientGPUMemory')?.message).toContain('13.5 GiB of weights + 32 MiB of KV cache');
    expect(made.alternatives[0]).toMatchObject({ kind: 'machine', name: 'Standard_NC4as_T4_v3' });
    expect(finding(made, 'InsufficientGPUMemory')?.remedy).toContain('Standard_NC4as_T4_v3');
    expect(made.memory?.headroomBytes).toBeLessThan(0);
  });

  test('the estimate is overridden by the option and by the annotation, with a warning', () => {
    const small = { ...seed, instanceType: 'Standard_NV6ads_A10_v5' };
    for (const made of [
      planFor(small, { overrideEstimate: true }),
      planFor({ ...small, annotations: { 'kaito.sh/bypass-resource-checks': '' } }),
    ]) {
      expect(made.admitted).toBe(true);
      expect(codes(made, 'warning')).toContain('EstimateOverridden');
      expect(made.memory?.fits).toBe(false);
    }
  });

  test('a context that was asked for is kept or refused, never shortened', () => {
    expect(planFor(seed, { contextLength: 1024 }).shape?.contextLength).toBe(1024);
    expect(planFor(seed, { contextLength: 8192 }).shape).toMatchObject({ contextLength: 8192, gpusPerPod: 2 });
    const refused = planFor({ ...seed, instanceType: 'Standard_NC4as_T4_v3' }, { contextLength: 8192 });
    expect(codes(refused, 'error')).toEqual(['InsufficientGPUMemory']);
    expect(refused.alternatives).toContainEqual(expect.objectContaining({ kind: 'context', name: '2048 tokens' }));
    expect(codes(planFor(seed, { contextLength: 99_999 }), 'error')).toContain('ContextTooLong');
    expect(codes(planFor(seed, { contextLength: Number.NaN }), 'error')).toContain('InvalidOption');
    expect(codes(planFor(seed, { parallel: -1 }), 'error')).toContain('InvalidOption');
  });

  test('a smaller quantisation is proposed where it fits', () => {
    const facts = hostWith({ memoryBytes: 6 * GiB, availableMemoryBytes: 6 * GiB });
    const made = planHere({ preset: 'mistral-7b-instruct-v0.2' }, { quantisation: 'q8_0' }, facts);
    expect(codes(made, 'error')).toEqual(['InsufficientMemory']);
    expect(made.alternatives.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'quantisation q5_k_m',
      'quantisation q4_k_m',
    ]);
  });
});

describe('machine type', () => {
  test('one that the catalog does not know is admitted with a warning and no verdict on memory', () => {
    const made = planFor({ ...seed, instanceType: 'Standard_NC999_future' });
    expect(made.admitted).toBe(true);
    expect(codes(made, 'warning')).toContain('UnknownMachineType');
    expect(made.memory?.usableBytes).toBeUndefined();
    expect(made.memory?.fits).toBeUndefined();
    expect(finding(made, 'UnknownMachineType')?.remedy).toContain('az vm list-skus --size Standard_NC999_future');
  });

  test('nonsense is refused with the nearest name', () => {
    const made = planFor({ ...seed, instanceType: 'NC64as_T4_v3' });
    expect(codes(made, 'error')).toEqual(['InvalidInstanceType']);
    expect(made.placement?.machinesWanted).toBe(0);
  });

  test('case does not matter, and the catalog spelling is used', () => {
    expect(planFor({ ...seed, instanceType: 'standard_nc64AS_t4_v3' }).placement?.instanceType).toBe(
      'Standard_NC64as_T4_v3',
    );
  });

  test('a GPU preset needs a GPU that CUDA serves', () => {
    for (const instanceType of ['Standard_D8s_v5', 'Standard_NG32ads_V620_v1']) {
      const made = planFor({ ...seed, instanceType });
      expect(codes(made, 'error')).toEqual(['NoGPU']);
      expect(made.alternatives[0]?.kind).toBe('machine');
      expect(made.alternatives.some(({ kind }) => kind === 'model')).toBe(true);
    }
  });

  test('empty rents nothing', () => {
    const made = planFor({ ...seed, instanceType: '' });
    expect(made.admitted).toBe(true);
    expect(made.placement).toMatchObject({ machinesWanted: 0 });
    expect(made.placement?.instanceType).toBeUndefined();
    expect(made.pricePerHour).toBeUndefined();
  });

  test('the price is of all machines', () => {
    expect(planFor({ ...seed, count: 3 }).pricePerHour?.amount).toBeCloseTo(3 * planFor(seed).pricePerHour!.amount, 6);
  });

  test('alternatives of known price go first, cheapest first; those that retire are left out', () => {
    const machines = [
      machineWith({ memoryGiB: 4 }, { name: 'Standard_Small' }),
      machineWith({ memoryGiB: 24 }, { name: 'Standard_Unpriced' }),
      machineWith({ memoryGiB: 80 }, { name: 'Standard_Dear', price: price(9) }),
      machineWith({ memoryGiB: 80 }, { name: 'Standard_Cheap', price: price(2) }),
      machineWith(
        { memoryGiB: 80 },
        { name: 'Standard_Retiring', price: price(1), retirement: { date: '2026-01-01' } },
      ),
    ];
    const made = planFor({ ...seed, instanceType: 'Standard_Small' }, {}, nothingKnown, { ...catalog, machines });
    expect(made.alternatives.filter(({ kind }) => kind === 'machine').map(({ name }) => name)).toEqual([
      'Standard_Cheap',
      'Standard_Dear',
      'Standard_Unpriced',
    ]);
    expect(made.alternatives[2]?.reason).toContain('price is not known');
  });
});

describe('distributed presets', () => {
  const llama = {
    preset: 'llama-2-70b',
    image: 'r.example/llama:1',
    instanceType: 'Standard_NC96ads_A100_v4',
  } as const;

  test('too few GPUs on a machine names the count that works', () => {
    const made = planFor(llama);
    expect(codes(made, 'error')).toEqual(['InsufficientGPUs']);
    expect(finding(made, 'InsufficientGPUs')?.remedy).toContain('resource.count to 2');
    expect(planFor({ ...llama, count: 2 }).admitted).toBe(true);
  });

  test('no estimate is overridden into GPUs that are not there', () => {
    expect(planFor(llama, { overrideEstimate: true }).admitted).toBe(false);
  });

  test('ranks must divide evenly', () => {
    expect(codes(planFor({ ...llama, count: 3 }), 'error')).toEqual(['UnevenRanks']);
  });

  test('more machines than needed are kept, with a warning', () => {
    const made = planFor({ ...llama, count: 4 });
    expect(codes(made, 'warning')).toContain('CountAboveEstimate');
    expect(made.placement?.machinesWanted).toBe(4);
    expect(made.shape).toMatchObject({ replicas: 4, gpusPerPod: 2, tensorParallel: 8 });
  });

  test('requests at once are a flag', () => {
    expect(planFor({ ...llama, count: 2 }, { parallel: 2 }).runtime?.argv[2]).toContain('--max_batch_size=2');
  });
});

describe('GPUs of one server', () => {
  test('layers are spread over more GPUs than the preset asks where only that fits', () => {
    const machines = [machineWith({ count: 4, memoryGiB: 32 })];
    const made = planFor({ preset: 'falcon-40b', instanceType: 'Standard_Test' }, {}, nothingKnown, {
      ...catalog,
      machines,
    });
    expect(made.shape).toMatchObject({ gpusPerPod: 3, pipelineParallel: 3, tensorParallel: 1 });
    expect(made.memory?.fits).toBe(true);
  });

  test('fewer than the preset asks suffice where they hold it', () => {
    const made = planFor({ preset: 'falcon-40b', instanceType: 'Standard_NC24ads_A100_v4' });
    expect(made.shape?.gpusPerPod).toBe(1);
    expect(codes(made, 'warning')).toEqual(['FewerGPUsThanPreset']);
  });

  test('a GGUF model takes the GPUs that carry it, or the CPU where there are none', () => {
    expect(planFor({ preset: 'llama-3.1-70b-instruct', instanceType: 'Standard_NC64as_T4_v3' }).shape?.gpusPerPod).toBe(
      4,
    );
    const cpu = planFor({ preset: 'llama-3.1-8b-instruct', instanceType: 'Standard_D8s_v5' });
    expect(cpu.shape).toMatchObject({ gpusPerPod: 0, threads: 7, workload: 'Deployment' });
    expect(cpu.memory?.device).toBe('host');
  });
});

describe('template', () => {
  const template = {
    spec: { containers: [{ name: 'main', image: 'nginx:1.29', resources: { limits: { 'nvidia.com/gpu': '2' } } }] },
  };

  test('is placed, and nothing is claimed of its memory', () => {
    const made = planFor({ template, instanceType: 'Standard_NC64as_T4_v3', count: 2 });
    expect(made.admitted).toBe(true);
    expect(made.runtime?.kind).toBe('template');
    expect(made.shape).toMatchObject({ replicas: 2, gpusPerPod: 2 });
    expect(made.memory).toBeUndefined();
  });

  test('needs the GPUs it asks for, and a cluster', () => {
    expect(codes(planFor({ template, instanceType: 'Standard_D8s_v5' }), 'error')).toEqual(['InsufficientGPUs']);
    expect(codes(planHere({ template }), 'error')).toEqual(['NotSupported']);
  });
});

describe('this machine', () => {
  const small = { preset: 'smollm2-135m-instruct' } as const;

  test('flags of the server follow the shape', () => {
    expect(planHere(small, {}, hostWith({ cores: 2.5 })).runtime?.argv.join(' ')).toBe(
      '--model-id smollm2-135m-instruct --api text-generation --context-length 4096 --parallel 4 --threads 2 --gpu-layers 0',
    );
    expect(planHere(small, {}, hostWith({ cores: 0.5 })).shape).toMatchObject({ threads: 1, parallel: 2 });
  });

  test('requests at once, then context, give way to memory', () => {
    const fields = { preset: 'mistral-7b-instruct-v0.2' } as const;
    const within = (gib: number) => planHere(fields, {}, hostWith({ availableMemoryBytes: gib * GiB })).shape;
    expect(within(12)).toMatchObject({ parallel: 4, contextLength: 4096 });
    expect(within(5.5)).toMatchObject({ parallel: 1, contextLength: 4096 });
    expect(within(4.7)?.parallel).toBe(1);
    expect(within(4.7)?.contextLength).toBeLessThan(4096);
  });

  test('memory that is only busy warns; memory that is not there refuses', () => {
    const busy = planHere(small, {}, hostWith({ availableMemoryBytes: 100 * MiB }));
    expect(busy.admitted).toBe(true);
    expect(codes(busy, 'warning')).toEqual(['MemoryBusy']);
    expect(busy.memory?.fits).toBe(false);
    const none = planHere(small, {}, hostWith({ memoryBytes: 200 * MiB, availableMemoryBytes: 100 * MiB }));
    expect(codes(none, 'error')).toEqual(['InsufficientMemory']);
  });

  test('weights need disk', () => {
    expect(codes(planHere(small, {}, hostWith({ freeDiskBytes: 10 * MiB })), 'error')).toEqual(['InsufficientDisk']);
  });

  test('GPUs hold all layers, or as many as fit', () => {
    const all = planHere({ preset: 'mistral-7b-instruct-v0.2' }, {}, gpu(24 * GiB));
    expect(all.memory?.device).toBe('gpu');
    expect(all.shape?.gpuLayers).toBe(33);
    const some = planHere({ preset: 'mistral-7b-instruct-v0.2' }, {}, gpu(3 * GiB));
    expect(some.memory?.device).toBe('host');
    expect(some.shape?.gpuLayers).toBeGreaterThan(0);
    expect(some.shape?.gpuLayers).toBeLessThan(32);
  });

  test('what is for a cluster is said to be unused', () => {
    const made = planHere({ ...small, instanceType: 'Standard_D8s_v5', count: 2, image: 'r.example/m:1' });
    expect(made.admitted).toBe(true);
    expect(
      made.findings.filter(({ code }) => code === 'NotUsedHere').map(({ severity, path }) => `${severity} ${path}`),
    ).toEqual(['warning resource.count', 'info resource.instanceType', 'warning inference.preset.presetOptions.image']);
    expect(made.placement).toMatchObject({ machinesWanted: 0, nodeSelector: {} });
  });

  test('a gated model asks for its licence', () => {
    expect(codes(planHere({ preset: 'llama-3.2-1b-instruct' }), 'warning')).toEqual(['GatedModel']);
  });

  test('adapters become sources', () => {
    const made = planHere({
      ...small,
      adapters: [
        { source: { name: 'one', urls: ['https://host.example/a.gguf'] }, strength: '0.5' },
        { source: { name: 'two', image: 'r.example/adapter:1' } },
      ],
    });
    expect(made.runtime?.adapters).toEqual([
      { name: 'one', strength: 0.5, source: { type: 'https', url: 'https://host.example/a.gguf' } },
      { name: 'two', strength: 1, source: { type: 'image', image: 'r.example/adapter:1' } },
    ]);
    const bad = planHere({
      ...small,
      adapters: [{ source: { name: 'x', urls: ['ftp://host/a'] } }, { source: { name: 'y' }, strength: 'much' }],
    });
    expect(codes(bad, 'error')).toEqual(['NotSupported', 'InvalidValue']);
    expect(codes(planFor({ ...seed, adapters: [{ source: { name: 'x', image: 'r.example/a:1' } }] }), 'error')).toEqual(
      ['NotSupported'],
    );
  });
});

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

test('an image is pulled and nodes boot in phases with their basis', () => {
  const { phases } = planFor(seed);
  expect(phases.map(({ phase }) => phase)).toEqual([
    'Validated',
    'NodesReady',
    'ImagePulled',
    'WeightsReady',
    'ModelLoaded',
    'Serving',
  ]);
  expect(phases.find(({ phase }) => phase === 'NodesReady')).toMatchObject({ seconds: 410 });
  expect(phases.every(({ basis }) => basis.length > 0)).toBe(true);
  expect(planHere({ preset: 'smollm2-135m-instruct' }).phases.map(({ phase }) => phase)).toEqual([
    'Validated',
    'WeightsReady',
    'ModelLoaded',
    'Serving',
  ]);
});
