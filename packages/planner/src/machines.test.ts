import { describe, expect, test } from 'vitest';
import { nothingKnown } from './facts.ts';
import type { Plan } from './plan.ts';
import { catalog, codes, machineWith, planFor } from './testing/factories.ts';

const seed = { preset: 'mistral-7b-instruct', instanceType: 'Standard_NC64as_T4_v3' } as const;
const price = (amount: number) =>
  ({ amount, currency: 'USD', per: 'hour', region: 'test', provenance: { source: 'test' } }) as const;

function finding(of: Plan, code: string) {
  return of.findings.find((one) => one.code === code);
}

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
