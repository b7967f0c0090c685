import type { Policy } from '../policy.ts';
import { scope } from './kubectl.ts';
import { decisive } from './pods.ts';

/** The workload was changed, and its new pods are not all there; the old ones may go on serving meanwhile. */
export const rollingOut: Policy = (view) => {
  const { workload } = view.evidence;
  if (workload === undefined || workload.wantedReplicas === 0) return undefined;
  const serving = workload.readyReplicas >= workload.wantedReplicas;
  const complete =
    workload.updatedReplicas >= workload.wantedReplicas && (workload.replicas ?? 0) <= workload.updatedReplicas;
  if (!serving || (complete && workload.observed)) return undefined;
  return {
    code: 'RollingOut',
    message: 'the new version is rolled out; the old one goes on serving until it is ready',
    needs: 'time',
    remedy: `follow it: kubectl rollout status ${workload.kind.toLowerCase()}/${workload.name}${scope(view)}`,
  };
};

/** Nobody asked for a server: the workload was scaled to nothing. */
export const scaledToNothing: Policy = (view) =>
  view.evidence.workload?.wantedReplicas === 0
    ? {
        code: 'ScaledToZero',
        message: `${view.evidence.workload.kind} ${view.evidence.workload.name} is scaled to 0`,
        needs: 'time',
        remedy: 'the operator sets the number of the Plan again',
      }
    : undefined;

/** How far the pods are, for a Workspace of several; empty for one. */
export function podsInWords(view: Parameters<Policy>[0]): string {
  const wanted = view.evidence.workload?.wantedReplicas ?? 1;
  if (wanted < 2) return '';
  return ` (${decisive(view).filter(({ ready }) => ready).length} of ${wanted} pods are ready)`;
}
