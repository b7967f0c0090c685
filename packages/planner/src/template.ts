import { gpuResource } from '@kaito/api';
import type { Notes } from './notes.ts';
import type { MachineChoice } from './placement.ts';
import type { PlanOptions, RuntimeChoice, ShapeChoice } from './plan.ts';
import { list, record, type Request } from './request.ts';

/** The runtime of a person's own pod template: nothing is added to it here, and nothing is known of its model. */
export const templateRuntime: RuntimeChoice = {
  kind: 'template',
  apiFlavour: 'text-generation',
  imagePullSecrets: [],
  argv: [],
  environment: {},
  adapters: [],
};

/** One pod per machine, with the GPUs that its containers ask for. */
export function templateShape(gpusPerPod: number, request: Request): ShapeChoice {
  return {
    workload: 'Deployment',
    replicas: request.count,
    gpusPerPod,
    tensorParallel: 1,
    pipelineParallel: 1,
    contextLength: 0,
    parallel: 0,
  };
}

/** `nvidia.com/gpu` over the template's containers; 0 where none asks for one. */
export function templateGpus(template: Readonly<Record<string, unknown>>): number {
  const containers = list(record(template['spec'])['containers']);
  return containers.reduce<number>((sum, container) => {
    const resources = record(record(container)['resources']);
    const asked = record(resources['limits'])[gpuResource] ?? record(resources['requests'])[gpuResource];
    const gpus = typeof asked === 'string' || typeof asked === 'number' ? Number(asked) : 0;
    return sum + (Number.isSafeInteger(gpus) && gpus > 0 ? gpus : 0);
  }, 0);
}

/** A template runs in containers, which this machine has none of, and needs as many GPUs as it asks for. */
export function checkTemplate(
  request: Request,
  gpus: number,
  machine: MachineChoice,
  options: PlanOptions,
  notes: Notes,
): void {
  if (options.target === 'local') {
    notes.error(
      'NotSupported',
      'inference.template',
      'A pod template runs in containers, and on this machine no containers are run.',
      'Apply it to a cluster, or name a preset here (`kaito models`).',
    );
    return;
  }
  notes.decide(
    'runtime',
    'pod template',
    'the Workspace brings its own pods; nothing is known of their model, so no memory account is kept',
  );
  if (request.adapters.length > 0) {
    notes.error(
      'NotSupported',
      'inference.adapters',
      'A pod template loads its own adapters.',
      'Remove inference.adapters.',
    );
  }
  if (machine.kind !== 'known') return;
  const offered = machine.type.gpu?.count ?? 0;
  if (gpus <= offered) return;
  notes.error(
    'InsufficientGPUs',
    'resource.instanceType',
    `The template asks for ${gpus} GPUs, but ${machine.type.name} has ${offered}.`,
    'Choose a machine type with so many GPUs (`kaito machines`), or ask for fewer.',
  );
}
