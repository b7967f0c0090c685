import { GiB, MiB } from '@kaito/catalog';
import { describe, expect, test } from 'vitest';
import { codes, hostWith, planFor, planHere } from './testing/factories.ts';

const seed = { preset: 'mistral-7b-instruct', instanceType: 'Standard_NC64as_T4_v3' } as const;
const gpu = (memoryBytes: number) => hostWith({ gpus: [{ model: 'NVIDIA RTX 4090', memoryBytes }] });

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
