import type { ImagePreset } from '@kaito/catalog';

/** What the launch line needs to know of the Workspace and its shape. */
export interface Launch {
  readonly workspace: { readonly name: string; readonly namespace: string };
  /** Pods of one distributed job; 1 where each pod is a server of its own. */
  readonly nodes: number;
  /** Ranks in each pod. */
  readonly gpusPerPod: number;
  /** Tokens per request; given to servers that take it as a flag. */
  readonly contextLength: number;
  /** Requests at once; likewise. */
  readonly parallel: number;
}

/**
 * The container command of a preset's image, as KAITO v0.2 renders it: launcher, launcher flags, rendezvous flags, script, model flags, in the
 * catalog's order. The master of a distributed job is addressed by the headless Service's name of pod 0, which is known before any Service is.
 */
export function launchCommand(preset: ImagePreset, launch: Launch): readonly string[] {
  const { workingDirectory, command, launcherFlags, script, modelFlags } = preset.launch;
  const change = workingDirectory === undefined ? [] : [`cd ${workingDirectory} &&`];
  const launcher = command === 'accelerate' ? 'accelerate launch' : 'torchrun';
  const line = [
    ...change,
    launcher,
    ...flags(preset.workload === 'StatefulSet' ? { ...launcherFlags, ...distributed(launch) } : launcherFlags),
    script,
    ...flags(bounded(modelFlags, launch)),
  ];
  return ['/bin/sh', '-c', line.join(' ')];
}

const rendezvousPort = 29500;

function distributed({ workspace, nodes, gpusPerPod }: Launch): Record<string, string> {
  const first = `${workspace.name}-0.${workspace.name}-headless.${workspace.namespace}.svc.cluster.local`;
  return {
    nnodes: String(nodes),
    nproc_per_node: String(gpusPerPod),
    ...(nodes > 1
      ? { node_rank: "$(echo $HOSTNAME | grep -o '[^-]*$')", master_addr: first, master_port: String(rendezvousPort) }
      : {}),
    rdzv_endpoint: `${first}:${rendezvousPort}`,
  };
}

/** The server of torchrun presets takes its load as flags; that of accelerate presets takes none. */
function bounded(
  modelFlags: Readonly<Record<string, string>>,
  { contextLength, parallel }: Launch,
): Readonly<Record<string, string>> {
  const load = { max_seq_len: String(contextLength), max_batch_size: String(parallel) };
  return Object.fromEntries(
    Object.entries(modelFlags).map(([key, value]) => [key, load[key as keyof typeof load] ?? value]),
  );
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([key, value]) => `--${key}=${value}`);
}
