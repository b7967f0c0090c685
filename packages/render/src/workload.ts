import { headlessServiceName, type Workspace, workspaceLabel } from '@kaito/api';
import type { Decided, PodTemplate } from './decided.ts';
import { ownedMetadata } from './ownership.ts';
import { startupBudget } from './probes.ts';
import type { RenderedObject } from './rendered.ts';

/**
 * The Deployment or StatefulSet around the pod. A Deployment replaces a pod before it makes the next: a second one would need a GPU more.
 * The ranks of a StatefulSet are one job: they start together, and are replaced together by whoever rolls them out (`OnDelete`).
 */
export function workload(plan: Decided, workspace: Workspace, pod: PodTemplate): RenderedObject {
  const { name } = plan.workspace;
  const selector = { matchLabels: { [workspaceLabel]: name } };
  const metadata = ownedMetadata(plan, workspace, name);
  if (plan.shape.workload === 'StatefulSet') {
    return {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        replicas: plan.shape.replicas,
        serviceName: headlessServiceName(name),
        podManagementPolicy: 'Parallel',
        updateStrategy: { type: 'OnDelete' },
        selector,
        template: pod,
      },
    };
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: plan.shape.replicas,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      progressDeadlineSeconds: startupBudget(plan),
      selector,
      template: pod,
    },
  };
}
