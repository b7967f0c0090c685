import { brief, withoutStop } from '../../brevity.ts';
import type { Policy, View } from '../policy.ts';
import { scope } from './kubectl.ts';

/** What the API server refused while the Plan was carried out: first what a person must mend. */
export const apiFault: Policy = (view) => {
  const faults = view.evidence.faults ?? [];
  const fault = faults.find(({ kind }) => kind === 'terminal') ?? faults[0];
  if (fault === undefined) return undefined;
  const message = brief(withoutStop(fault.message)) || fault.code;
  const advice = fault.remedy ?? lookCloserAt(view);
  return fault.kind === 'terminal'
    ? { code: fault.code, message, needs: 'person', remedy: advice }
    : { code: fault.code, message: `${brief(message, 230)}; it is tried again`, needs: 'time', remedy: advice };
};

const reasons: readonly { readonly pattern: RegExp; readonly code: string; readonly remedy: (view: View) => string }[] =
  [
    {
      pattern: /exceeded quota/,
      code: 'NamespaceQuotaExceeded',
      remedy: (view) => `raise or free the quota: kubectl describe resourcequota${scope(view)}`,
    },
    {
      pattern: /violates PodSecurity/,
      code: 'PodSecurityDenied',
      remedy: (view) =>
        `relax the namespace (kubectl label namespace ${view.plan.workspace.namespace} pod-security.kubernetes.io/enforce=baseline --overwrite), or run it in another`,
    },
    {
      pattern: /serviceaccount "[^"]*" not found|error looking up service account/,
      code: 'ServiceAccountMissing',
      remedy: (view) => `make the ServiceAccount that is named: kubectl create serviceaccount <name>${scope(view)}`,
    },
    {
      pattern: /denied the request|failed calling webhook/,
      code: 'AdmissionDenied',
      remedy: () =>
        'ask who owns the webhook that is named: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations',
    },
  ];

/** The workload exists, and its controller may not make the pods. */
export const podsRefused: Policy = (view) => {
  const { workload } = view.evidence;
  const failure = workload?.replicaFailure;
  if (workload === undefined || failure === undefined) return undefined;
  const known = reasons.find(({ pattern }) => pattern.test(failure));
  const kind = workload.kind.toLowerCase();
  return {
    code: known?.code ?? 'PodsRefused',
    message: brief(`the pods of ${workload.kind} ${workload.name} cannot be made: ${withoutStop(failure)}`),
    needs: 'person',
    remedy: known?.remedy(view) ?? `see why: kubectl describe ${kind} ${workload.name}${scope(view)}`,
  };
};

function lookCloserAt(view: View): string {
  return `look at its events: kubectl describe workspace ${view.plan.workspace.name}${scope(view)}`;
}
