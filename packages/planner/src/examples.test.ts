import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseWorkspaces, validateWorkspace, type Workspace } from '@kaito/api';
import { describe, expect, test } from 'vitest';
import { nothingKnown } from './facts.ts';
import { plan } from './planner.ts';
import { catalog, codes, hostWith, planFor } from './testing/factories.ts';

const folder = join(import.meta.dirname, '../../../examples');

function example(file: string): Workspace {
  const { workspaces, findings } = parseWorkspaces(readFileSync(join(folder, file), 'utf8'), { file });
  expect(findings).toEqual([]);
  expect(workspaces).toHaveLength(1);
  const [workspace] = workspaces;
  expect(validateWorkspace(workspace!).filter((finding) => finding.severity === 'error')).toEqual([]);
  return workspace!;
}

/** What the planner makes of each file in a cluster of which nothing is known. */
interface Intended {
  readonly runtime: 'image' | 'server' | 'template';
  readonly machines: number;
  readonly gpusPerPod: number;
  readonly context: number;
  readonly warnings?: readonly string[];
}

const intended: Readonly<Record<string, Intended>> = {
  'seed.yaml': { runtime: 'image', machines: 1, gpusPerPod: 1, context: 2048, warnings: ['Bfloat16Emulated'] },
  'local.yaml': { runtime: 'server', machines: 0, gpusPerPod: 0, context: 4096 },
  'cpu.yaml': { runtime: 'server', machines: 1, gpusPerPod: 0, context: 32_768 },
  'template.yaml': { runtime: 'template', machines: 1, gpusPerPod: 0, context: 0 },
  'falcon-7b-instruct.yaml': { runtime: 'image', machines: 1, gpusPerPod: 1, context: 2048 },
  'falcon-40b-instruct.yaml': { runtime: 'image', machines: 1, gpusPerPod: 2, context: 2048 },
  'mistral-7b.yaml': { runtime: 'image', machines: 1, gpusPerPod: 1, context: 32_768 },
  'phi-2.yaml': { runtime: 'image', machines: 1, gpusPerPod: 1, context: 2048 },
  'llama-2-7b-chat.yaml': { runtime: 'image', machines: 1, gpusPerPod: 1, context: 512 },
  'llama-2-13b-chat.yaml': { runtime: 'image', machines: 1, gpusPerPod: 2, context: 512 },
  'llama-2-70b-chat.yaml': { runtime: 'image', machines: 2, gpusPerPod: 4, context: 512 },
};

describe('examples/', () => {
  test('every file has a row here', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
    expect(files.toSorted()).toEqual(Object.keys(intended).toSorted());
  });

  test.each(Object.entries(intended))('%s is planned for a cluster as intended', (file, row) => {
    const made = plan(example(file), catalog, nothingKnown, { target: 'cluster' });
    expect(codes(made, 'error')).toEqual([]);
    expect(codes(made, 'warning')).toEqual(row.warnings ?? []);
    expect({
      runtime: made.runtime?.kind,
      machines: made.placement?.machinesWanted,
      gpusPerPod: made.shape?.gpusPerPod,
      context: made.shape?.contextLength,
    }).toEqual({ runtime: row.runtime, machines: row.machines, gpusPerPod: row.gpusPerPod, context: row.context });
    expect(made.memory?.fits ?? true).toBe(true);
  });

  test('local.yaml runs here without a warning', () => {
    const made = plan(example('local.yaml'), catalog, hostWith(), { target: 'local' });
    expect(made.admitted).toBe(true);
    expect(codes(made, 'warning')).toEqual([]);
    expect(made.runtime?.kind).toBe('server');
    expect(made.shape).toMatchObject({ workload: 'Process', contextLength: 4096, parallel: 4, threads: 4 });
  });

  test('seed.yaml does not run here, and says what would', () => {
    const seed = example('seed.yaml');
    const refused = plan(seed, catalog, hostWith(), { target: 'local' });
    expect(codes(refused, 'error')).toEqual(['NotRunnableHere']);
    expect(refused.findings[0]?.message).toContain('it has no NVIDIA T4');
    expect(refused.findings[0]?.message).toContain('13.5 GiB of weights');
    expect(refused.findings[0]?.remedy).toContain('--quantised');
    expect(refused.alternatives).toMatchObject([{ kind: 'model', name: 'mistral-7b-instruct-v0.2' }]);

    const admitted = plan(seed, catalog, hostWith(), { target: 'local', quantisedEquivalent: true });
    expect(admitted.admitted).toBe(true);
    expect(admitted.model).toMatchObject({ name: 'mistral-7b-instruct-v0.2', kind: 'gguf' });
    expect(codes(admitted, 'info')).toContain('QuantisedEquivalent');
  });
});

/** The thirteen manifests that KAITO v0.2 shipped. Two of them its own webhook refused (13b), two could not be scheduled (70b). */
const shipped: readonly { preset: string; machine: string; count?: number; gpusPerPod: number; context: number }[] = [
  { preset: 'falcon-7b', machine: 'Standard_NC12s_v3', gpusPerPod: 1, context: 2048 },
  { preset: 'falcon-7b-instruct', machine: 'Standard_NC12s_v3', gpusPerPod: 1, context: 2048 },
  { preset: 'falcon-40b', machine: 'Standard_NC96ads_A100_v4', gpusPerPod: 2, context: 2048 },
  { preset: 'falcon-40b-instruct', machine: 'Standard_NC96ads_A100_v4', gpusPerPod: 2, context: 2048 },
  { preset: 'mistral-7b', machine: 'Standard_NC12s_v3', gpusPerPod: 1, context: 5632 },
  { preset: 'mistral-7b-instruct', machine: 'Standard_NC12s_v3', gpusPerPod: 1, context: 5632 },
  { preset: 'phi-2', machine: 'Standard_NC6s_v3', gpusPerPod: 1, context: 2048 },
  { preset: 'llama-2-7b', machine: 'Standard_NC12s_v3', gpusPerPod: 1, context: 496 },
  { preset: 'llama-2-7b-chat', machine: 'Standard_NC12s_v3', gpusPerPod: 1, context: 496 },
  { preset: 'llama-2-13b', machine: 'Standard_NC12s_v3', gpusPerPod: 2, context: 512 },
  { preset: 'llama-2-13b-chat', machine: 'Standard_NC12s_v3', gpusPerPod: 2, context: 512 },
  { preset: 'llama-2-70b', machine: 'Standard_NC96ads_A100_v4', count: 2, gpusPerPod: 4, context: 512 },
  { preset: 'llama-2-70b-chat', machine: 'Standard_NC96ads_A100_v4', count: 2, gpusPerPod: 4, context: 512 },
];

describe("KAITO v0.2's own examples are all admitted", () => {
  test.each(shipped)('$preset on $machine', ({ preset, machine, count, gpusPerPod, context }) => {
    const own = preset.startsWith('llama') ? { accessMode: 'private' as const, image: 'registry.example/llama:1' } : {};
    const made = planFor({ preset, instanceType: machine, ...own, ...(count !== undefined && { count }) });
    expect(codes(made, 'error')).toEqual([]);
    expect(made.memory?.fits).toBe(true);
    expect(made.shape).toMatchObject({ gpusPerPod, contextLength: context, replicas: count ?? 1 });
    const retired = machine.endsWith('s_v3');
    expect(codes(made, 'warning').includes('MachineTypeRetired')).toBe(retired);
  });
});
