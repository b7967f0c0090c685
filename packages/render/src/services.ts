import {
  enableLoadBalancerAnnotation,
  headlessServiceName,
  internalLoadBalancerAnnotation,
  type Workspace,
  workspaceLabel,
} from '@kaito/api';
import type { Decided } from './decided.ts';
import { ownedMetadata } from './ownership.ts';
import { servingPort } from './probes.ts';
import type { RenderedObject } from './rendered.ts';

/** AKS: the load balancer gets an address of the virtual network. */
const azureInternal = 'service.beta.kubernetes.io/azure-load-balancer-internal';

/** torchrun's rendezvous. */
const rendezvousPort = 29_500;

const port = (name: string, number: number, targetPort: number): object => ({
  name,
  port: number,
  protocol: 'TCP',
  targetPort,
});

/**
 * The Service that people call, named as the Workspace, with KAITO v0.2's ports (a load balancer: that of the model alone); for a
 * distributed model it leads to rank 0, and a headless one lets the ranks find each other before any is ready. None for a pod template:
 * nothing is known of its ports.
 */
export function services(plan: Decided, workspace: Workspace): RenderedObject[] {
  if (plan.runtime.kind === 'template') return [];
  const { name } = plan.workspace;
  const selector = { [workspaceLabel]: name };
  const distributed = plan.shape.workload === 'StatefulSet';
  const annotations = workspace.metadata.annotations ?? {};
  const external = annotations[enableLoadBalancerAnnotation] === 'True';
  const internal = external && annotations[internalLoadBalancerAnnotation] === 'True';
  const metadata = ownedMetadata(plan, workspace, name);
  const main: RenderedObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: internal ? { ...metadata, annotations: { [azureInternal]: 'true' } } : metadata,
    spec: {
      type: external ? 'LoadBalancer' : 'ClusterIP',
      selector: distributed ? { ...selector, 'statefulset.kubernetes.io/pod-name': `${name}-0` } : selector,
      // Ranks meet by the headless Service: nothing outside the cluster has business at their port.
      ports: [port('http', 80, servingPort), ...(external ? [] : [port('torch', rendezvousPort, rendezvousPort)])],
    },
  };
  if (!distributed) return [main];
  const headless: RenderedObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: ownedMetadata(plan, workspace, headlessServiceName(name)),
    spec: {
      clusterIP: 'None',
      selector,
      ports: [port('torchrun', rendezvousPort, rendezvousPort)],
      publishNotReadyAddresses: true,
    },
  };
  return [main, headless];
}
