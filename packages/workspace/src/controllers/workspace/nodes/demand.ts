import { gpuResource } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Live } from '../../../cache/caches.ts';
import { amount } from '@kaito/kube';

/** What pods take of a node. */
export interface Demand {
  readonly gpus: number;
  /** Bytes of host memory; 0 where it is not known or does not decide. */
  readonly memoryBytes: number;
}

export const nothing: Demand = { gpus: 0, memoryBytes: 0 };

/** What one pod of the Plan takes: GPUs, or the host's memory where the model is served from there. */
export function demandOf(plan: Plan): Demand {
  const gpus = plan.shape?.gpusPerPod ?? 0;
  return { gpus, memoryBytes: gpus === 0 && plan.memory?.device === 'host' ? plan.memory.requiredBytes : 0 };
}

/** What a pod's containers ask for; a pod that has ended holds nothing. Init containers run before them and ask for no more. */
export function demandOfPod(pod: Live<Pod>): Demand {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return nothing;
  let gpus = 0;
  let memoryBytes = 0;
  for (const { resources } of pod.spec?.containers ?? []) {
    gpus += amount(resources?.limits?.[gpuResource] ?? resources?.requests?.[gpuResource]) ?? 0;
    memoryBytes += amount(resources?.requests?.['memory'] ?? resources?.limits?.['memory']) ?? 0;
  }
  return { gpus, memoryBytes };
}

export function plus(a: Demand, b: Demand): Demand {
  return { gpus: a.gpus + b.gpus, memoryBytes: a.memoryBytes + b.memoryBytes };
}

/** The greater of both, resource by resource. */
export function greater(a: Demand, b: Demand): Demand {
  return { gpus: Math.max(a.gpus, b.gpus), memoryBytes: Math.max(a.memoryBytes, b.memoryBytes) };
}
