import type { Workspace } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import { imagePod } from './image-pod.ts';
import type { Rendered, RenderOptions } from './rendered.ts';
import { serverPod } from './server-pod.ts';
import { services } from './services.ts';
import { templatePod } from './template-pod.ts';
import { workload } from './workload.ts';

/**
 * The Kubernetes objects of a Plan. Pure; equal input gives byte-identical output. Facts of the cluster never enter: what is rendered
 * depends on the Workspace and the Plan's choices alone. Objects are owned by the Workspace where it has a UID.
 *
 * @throws RangeError for a Plan that is not admitted, is not for a cluster, or belongs to another Workspace.
 */
export function render(plan: Plan, workspace: Workspace, options: RenderOptions): Rendered {
  const { runtime, shape, placement } = plan;
  if (!plan.admitted || runtime === undefined || shape === undefined || placement === undefined) {
    throw new RangeError(`The Plan of Workspace ${plan.workspace.name} was refused: there is nothing to render.`);
  }
  if (plan.target !== 'cluster') throw new RangeError('The Plan is for this machine, not for a cluster.');
  if (plan.workspace.name !== workspace.metadata.name) {
    throw new RangeError(`The Plan is of ${plan.workspace.name}, not of ${workspace.metadata.name}.`);
  }
  const decided = { ...plan, runtime, shape, placement };
  const pod =
    runtime.kind === 'image'
      ? imagePod(decided)
      : runtime.kind === 'server'
        ? serverPod(decided, options)
        : templatePod(decided, workspace);
  return { services: services(decided, workspace), workload: workload(decided, workspace, pod) };
}
