import { failingNodeClaim, nodesAreReady } from '../nodes.ts';
import { type Policy, lookCloser } from './policy.ts';

/** A NodeClaim says why its machine does not come. */
export const nodeClaimFailing: Policy = (view) => {
  const failing = failingNodeClaim(view.evidence.nodeClaims);
  if (failing === undefined || failing.pending) return undefined;
  return {
    code: failing.reason,
    message: failing.message,
    needs: 'person',
    remedy: `see what the provisioner says: kubectl describe nodeclaim ${failing.name}`,
  };
};

/** Fewer nodes are ready than the Workspace needs. */
export const nodesMissing: Policy = (view) => {
  const nodes = view.evidence.nodes;
  if (nodes === undefined || nodesAreReady(nodes)) return undefined;
  const withoutPlugin = nodes.withoutPlugin ?? [];
  if (withoutPlugin.length > 0) {
    return {
      code: 'NodePluginsNotReady',
      message: `the GPU device plugin is not ready on ${withoutPlugin.join(', ')}`,
      needs: 'time',
      remedy: 'look at it: kubectl get pods -n kube-system -l name=nvidia-device-plugin-ds',
    };
  }
  return {
    code: 'WaitingForNodes',
    message: `${nodes.ready.length} of ${nodes.wanted} nodes are ready`,
    needs: 'time',
    remedy: lookCloser(view),
  };
};
