import { expect, test } from 'vitest';
import { planFor } from './testing/factories.ts';

function launched(preset: string, instanceType: string, count?: number): string {
  const made = planFor({
    name: `workspace-${preset}`,
    preset,
    instanceType,
    ...(preset.startsWith('llama') && { image: 'registry.example/llama:1' }),
    ...(count !== undefined && { count }),
  });
  expect(made.runtime?.argv.slice(0, 2)).toEqual(['/bin/sh', '-c']);
  return made.runtime?.argv[2] ?? '';
}

test('falcon and mistral', () => {
  const line =
    'accelerate launch --num_processes=1 --num_machines=1 --machine_rank=0 --gpu_ids=all inference_api.py --pipeline=text-generation --torch_dtype=bfloat16';
  expect(launched('falcon-40b', 'Standard_NC96ads_A100_v4')).toBe(line);
  expect(launched('mistral-7b-instruct', 'Standard_NC64as_T4_v3')).toBe(line);
});

test('phi-2', () => {
  expect(launched('phi-2', 'Standard_NC6s_v3')).toMatch(/ --torch_dtype=float16$/);
});

test('llama-2-7b', () => {
  expect(launched('llama-2-7b', 'Standard_NC24ads_A100_v4')).toBe(
    'cd /workspace/llama/llama-2 && torchrun --nnodes=1 --nproc_per_node=1 --node_rank=0 --master_addr=localhost --master_port=29500 --max_restarts=3 --rdzv_id=rdzv_id --rdzv_backend=c10d --rdzv_endpoint=localhost:29500 inference_api.py --max_seq_len=512 --max_batch_size=8',
  );
});

test('llama-2-70b-chat over two machines', () => {
  const first = 'workspace-llama-2-70b-chat-0.workspace-llama-2-70b-chat-headless.default.svc.cluster.local';
  expect(launched('llama-2-70b-chat', 'Standard_NC96ads_A100_v4', 2)).toBe(
    `cd /workspace/llama/llama-2 && torchrun --nnodes=2 --nproc_per_node=4 --node_rank=$(echo $HOSTNAME | grep -o '[^-]*$') --master_addr=${first} --master_port=29500 --max_restarts=3 --rdzv_id=job --rdzv_backend=c10d --rdzv_endpoint=${first}:29500 inference_api.py --max_seq_len=512 --max_batch_size=8`,
  );
});

test('llama-2-13b on one machine is one node with two ranks', () => {
  const line = launched('llama-2-13b', 'Standard_NC48ads_A100_v4');
  expect(line).toContain('--nnodes=1 --nproc_per_node=2 ');
  expect(line).toContain(
    '--rdzv_endpoint=workspace-llama-2-13b-0.workspace-llama-2-13b-headless.default.svc.cluster.local:29500 ',
  );
});

test('one preset planned after another does not change it', () => {
  const before = launched('llama-2-7b', 'Standard_NC24ads_A100_v4');
  launched('llama-2-70b', 'Standard_NC96ads_A100_v4', 2);
  expect(launched('llama-2-7b', 'Standard_NC24ads_A100_v4')).toBe(before);
});

test('a context that does not fit is bounded in the flag', () => {
  expect(launched('llama-2-7b', 'Standard_NC12s_v3')).toContain('--max_seq_len=496 --max_batch_size=8');
});
