import { brief, listed } from '../../brevity.ts';
import type { Policy } from '../policy.ts';
import { apiFault } from './api-faults.ts';
import { scope } from './kubectl.ts';

/** Another operator looks after this Workspace; what it does is not ours to judge. */
export const managedElsewhere: Policy = ({ evidence: { managedElsewhere: other } }) =>
  other === undefined
    ? undefined
    : {
        code: 'ManagedElsewhere',
        message: brief(`${other} looks after this Workspace; this operator leaves it alone`),
        needs: 'person',
        remedy: 'keep one of the two operators: helm list --all-namespaces shows what is installed',
      };

/** Seconds after which a machine's end counts as hanging: a pool of AKS takes some minutes to go. */
const hangingSeconds = 900;

/** A person asked for the Workspace's end, and something is not gone yet. */
export const deletionWaits: Policy = (view) => {
  const { evidence, workspace, plan } = view;
  if (evidence.deleting !== true || plan.target !== 'cluster') return undefined;
  const refused = apiFault(view);
  if (refused !== undefined)
    return { ...refused, message: brief(`the Workspace is being deleted; ${refused.message}`) };
  const waitsFor = evidence.deletionWaitsFor ?? [];
  const [first] = waitsFor;
  if (first === undefined) return { code: 'Deleting', message: 'the Workspace is being deleted', needs: 'time' };
  const message = brief(`the Workspace is being deleted, and waits for the end of ${listed(waitsFor)}`);
  const claim = /^NodeClaim (\S+)$/.exec(first)?.[1];
  if (claim !== undefined && view.passed(workspace.metadata.deletionTimestamp, hangingSeconds)) {
    return {
      code: 'DeletionHangs',
      message,
      needs: 'person',
      remedy: `see whether a provisioner runs (kubectl get pods --all-namespaces | grep provisioner) and what it says: kubectl describe nodeclaim ${claim}`,
    };
  }
  return {
    code: 'Deleting',
    message,
    needs: 'time',
    remedy:
      claim === undefined
        ? `follow it: kubectl get workspace ${plan.workspace.name}${scope(view)} --watch`
        : `follow it: kubectl get nodeclaim ${claim} --watch`,
  };
};
