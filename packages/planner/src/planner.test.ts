import { GiB, MiB } from '@kaito/catalog';
import { describe, expect, test } from 'vitest';
import { nothingKnown } from './facts.ts';
import type { Plan } from './plan.ts';
import { plan } from './planner.ts';
import { catalog, codes, hostWith, planFor, planHere, workspace } from './testing/factories.ts';

function finding(of: Plan, code: string) {
  return of.findings.find((one) => one.code === code);
}

const seed = { preset: 'mistral-7b-instruct', instanceType: 'Standard_NC64as_T4_v3' } as const;

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
      expect(planFor({ ...seed, image, ...(accessMode && { accessMode }) }).runtime).toMatchObject({
        image,
        publicImage: 'mcr.microsoft.com/aks/kaito/kaito-mistral-7b-instruct:0.0.2',
      });
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
