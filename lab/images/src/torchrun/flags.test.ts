import { describe, expect, it } from 'vitest';
import { LaunchError } from '../launch/flags.ts';
import { imagePresets, launchLine, rendezvousHost } from '../testing/launch-lines.ts';
import { readTorchrun } from './flags.ts';

/** The words that a shell makes of the line in the pod of this number. */
function wordsOf(line: string, pod: number): readonly string[] {
  const [change, rest] = line.split(' && torchrun ');
  expect(change).toBe('cd /workspace/llama/llama-2');
  return rest!.replace("$(echo $HOSTNAME | grep -o '[^-]*$')", String(pod)).split(' ');
}

const presets = imagePresets.filter(({ launch }) => launch.command === 'torchrun');
const small = presets.filter(({ name }) => !name.includes('70b'));
const distributed = presets.filter(({ workload }) => workload === 'StatefulSet');

describe('torchrun', () => {
  it.each(small.map((preset) => [preset.name, preset] as const))(
    'reads the launch line of %s on one node',
    (_, preset) => {
      expect(readTorchrun(wordsOf(launchLine(preset, 1), 0))).toMatchObject({
        script: 'inference_api.py',
        job: { nodes: 1, processes: preset.worldSize },
        rank: 0,
        maxRestarts: 3,
      });
    },
  );

  it.each(distributed.map((preset) => [preset.name, preset] as const))('reads that of %s on two', (_, preset) => {
    expect(readTorchrun(wordsOf(launchLine(preset, 2), 1))).toEqual({
      script: 'inference_api.py',
      job: { id: 'job', nodes: 2, processes: preset.worldSize / 2 },
      rank: 1,
      endpoint: { host: rendezvousHost, port: 29_500 },
      maxRestarts: 3,
      contextLength: 512,
      parallel: 8,
    });
  });

  it.each([
    ['--rdzv_backend=c10d --rdzv_endpoint=h a.py', 'torchrun: --rdzv_endpoint must be HOST:PORT, not "h"'],
    ['--rdzv_backend=c10d --rdzv_endpoint=h:0 a.py', 'torchrun: --rdzv_endpoint must be HOST:PORT, not "h:0"'],
    ['--rdzv_backend=etcd --rdzv_endpoint=h:1 a.py', 'torchrun: --rdzv_backend must be c10d here, not "etcd"'],
    ['--rdzv_endpoint=h:1 a.py', 'torchrun: --rdzv_backend is missing'],
    [
      '--node_rank= --rdzv_backend=c10d --rdzv_endpoint=h:1 a.py',
      'torchrun: --node_rank must be a whole number from 0 to 63, not ""',
    ],
    [
      '--nnodes=2 --node_rank=2 --rdzv_backend=c10d --rdzv_endpoint=h:1 a.py',
      'torchrun: --node_rank must be below --nnodes (2), not 2',
    ],
    [
      '--rdzv_backend=c10d --rdzv_endpoint=h:1 a.py --max_gen_len=1',
      'a.py: unknown flag --max_gen_len; known are --max_seq_len, --max_batch_size',
    ],
    ['--standalone a.py', 'torchrun: "--standalone" is not of the form --name=value'],
  ])('refuses "%s"', (line, message) => {
    expect(() => readTorchrun(line.split(' '))).toThrow(new LaunchError(message));
  });
});
