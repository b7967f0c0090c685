import { LaunchError, oneOf, readFlags, splitAtScript, text, whole } from '../launch/flags.ts';
import type { Job } from '../rendezvous/job.ts';

/** A launch line of KAITO's llama-2 presets, without the program's own name. */
export interface TorchrunLaunch {
  readonly script: string;
  readonly job: Job;
  /** Of this node; 0 leads. */
  readonly rank: number;
  /** Where the ranks meet. */
  readonly endpoint: { readonly host: string; readonly port: number };
  /** How often the job is begun again before this process gives up. */
  readonly maxRestarts: number;
  /** Tokens per request. */
  readonly contextLength: number;
  /** Requests at once. */
  readonly parallel: number;
}

/**
 * Reads `… inference_api.py …`. Defaults are those of torchrun and of KAITO's script. `master_addr` and `master_port` are read and, as by torchrun with the
 * c10d rendezvous, of no effect: the ranks meet at `rdzv_endpoint`.
 *
 * @throws LaunchError
 */
export function readTorchrun(words: readonly string[]): TorchrunLaunch {
  const { own, script, rest } = splitAtScript('torchrun', words);
  const launcher = readFlags('torchrun', own, {
    nnodes: { read: whole(1, 64), fallback: 1 },
    nproc_per_node: { read: whole(1, 64), fallback: 1 },
    node_rank: { read: whole(0, 63), fallback: 0 },
    master_addr: { read: text, fallback: '127.0.0.1' },
    master_port: { read: whole(1, 65_535), fallback: 29_500 },
    max_restarts: { read: whole(0, 1000), fallback: 0 },
    rdzv_id: { read: text, fallback: 'none' },
    rdzv_backend: { read: oneOf('c10d') },
    rdzv_endpoint: { read: endpoint },
  });
  const { nnodes: nodes, node_rank: rank } = launcher;
  if (rank >= nodes) throw new LaunchError(`torchrun: --node_rank must be below --nnodes (${nodes}), not ${rank}`);
  const model = readFlags(script, rest, {
    max_seq_len: { read: whole(16, 1_000_000), fallback: 128 },
    max_batch_size: { read: whole(1, 256), fallback: 4 },
  });
  return {
    script,
    job: { id: launcher.rdzv_id, nodes, processes: launcher.nproc_per_node },
    rank,
    endpoint: launcher.rdzv_endpoint,
    maxRestarts: launcher.max_restarts,
    contextLength: model.max_seq_len,
    parallel: model.max_batch_size,
  };
}

function endpoint(value: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^([^:\s]+):(\d{1,5})$/.exec(value) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new LaunchError(`must be HOST:PORT, not "${value}"`);
  }
  return { host, port: Number(port) };
}
