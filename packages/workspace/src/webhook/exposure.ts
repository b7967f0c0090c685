import { enableLoadBalancerAnnotation, formatPath, internalLoadBalancerAnnotation } from '@kaito/api';
import type { Finding, Workspace } from '@kaito/api';

/** A warning where a Workspace that was validated asks for an address outside the cluster: the endpoint asks nobody who they are. */
export function exposureFindings(object: unknown): Finding[] {
  const annotations = (object as Partial<Workspace>).metadata?.annotations ?? {};
  if (annotations[enableLoadBalancerAnnotation] !== 'True') return [];
  const internal = annotations[internalLoadBalancerAnnotation] === 'True';
  return [
    {
      code: 'EndpointExposed',
      severity: 'warning',
      path: formatPath(['metadata', 'annotations', enableLoadBalancerAnnotation]),
      message: internal
        ? 'anyone in the virtual network can use the endpoint without signing in.'
        : 'anyone on the internet can use the endpoint without signing in.',
      remedy: internal
        ? 'Put an Ingress with authentication before it where that is too many.'
        : `Add ${internalLoadBalancerAnnotation}: "True", or use an Ingress with authentication.`,
    },
  ];
}
