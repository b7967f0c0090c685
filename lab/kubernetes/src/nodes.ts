import { once } from 'node:events';
import type { ControlPlane } from './control-plane.ts';
import { LabError } from './error.ts';

export interface SimulatedNode {
  readonly name: string;
  readonly instanceType?: string;
  readonly gpus?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** As kubectl writes them: `key=value:Effect`. */
  readonly taints?: readonly string[];
}

/** The manifest of a node that kwok keeps alive: 64 cores, 512 GiB, and as many GPUs as asked for. */
export function nodeManifest({ name, instanceType, gpus = 0, labels = {}, taints = [] }: SimulatedNode): object {
  const resources = {
    cpu: '64',
    memory: '512Gi',
    pods: '1100',
    'ephemeral-storage': '2Ti',
    ...(gpus > 0 && { 'nvidia.com/gpu': String(gpus) }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...(instanceType !== undefined && { 'node.kubernetes.io/instance-type': instanceType }),
        ...labels,
      },
    },
    spec: { taints: taints.map(taint) },
    status: { capacity: resources, allocatable: resources, phase: 'Running' },
  };
}

/** @throws LabError for what is not written as kubectl writes a taint. */
export function taint(text: string) {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (key === undefined || effect === undefined)
    throw new LabError(`"${text}" is no taint`, 'write key=value:NoSchedule');
  return { key, effect, ...(value !== undefined && { value }) };
}

/** Adds nodes; resolves when the API server has them. */
export async function addNodes(lab: ControlPlane, nodes: readonly SimulatedNode[]): Promise<void> {
  await kubectl(
    lab,
    ['create', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: nodes.map(nodeManifest) }),
  );
}

/** Runs kubectl inside the lab and gives back what it prints. @throws LabError with its own words when it fails. */
export async function kubectl(lab: ControlPlane, args: readonly string[], input = ''): Promise<string> {
  const child = lab.exec(['kubectl', ...args], { stdio: 'pipe' });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => errors.push(chunk));
  // A kubectl that reads nothing may have ended already.
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new LabError(Buffer.concat(errors).toString().trim(), 'see the message of kubectl');
  return Buffer.concat(output).toString();
}
