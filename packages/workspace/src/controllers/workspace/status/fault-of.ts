import type { Fault } from '@kaito/diagnosis';
import { ApiError, ConnectionError } from '@kaito/kube';

/** The parts of `User "u" cannot create resource "services" in API group "" in the namespace "n"`, as the API server's RBAC says it. */
const forbidden =
  /User "([^"]+)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)?/;
const deniedBy = /admission webhook "([^"]+)" denied the request:?\s*([\s\S]*)/;

/**
 * A failed call as data, for the condition that a person reads. `doing` is what was tried, e.g. `create Deployment demo`. What passes by itself (conflicts,
 * load, a lost connection) is `transient`; what an edit or a right must mend is `terminal`.
 */
export function faultOf(error: unknown, doing: string): Fault {
  if (error instanceof ApiError) return { ...apiFault(error), ...context(error, doing) };
  if (error instanceof ConnectionError) {
    return {
      code: 'ApiServerUnreachable',
      message: `cannot ${doing}: the API server does not answer (${error.code ?? error.message})`,
      kind: 'transient',
      ...(error.remedy !== undefined && { remedy: error.remedy }),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'InternalError', message: `cannot ${doing}: ${message}`, kind: 'transient' };
}

type Kind = Pick<Fault, 'code' | 'kind'> & { readonly remedy?: string };

function apiFault({ status }: ApiError): Kind {
  const { code, reason, message } = status;
  if (/exceeded quota/.test(message)) {
    return {
      code: 'NamespaceQuotaExceeded',
      kind: 'terminal',
      remedy: 'raise or free the quota: kubectl describe resourcequota',
    };
  }
  if (/violates PodSecurity/.test(message)) {
    return {
      code: 'PodSecurityDenied',
      kind: 'terminal',
      remedy:
        'run it in another namespace, or relax this one: kubectl label namespace <namespace> pod-security.kubernetes.io/enforce=baseline --overwrite',
    };
  }
  const webhook = deniedBy.exec(message);
  if (webhook !== null) {
    return {
      code: 'AdmissionDenied',
      kind: 'terminal',
      remedy: `ask who owns the webhook ${webhook[1]}: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`,
    };
  }
  if (/failed calling webhook/.test(message)) {
    return {
      code: 'WebhookUnavailable',
      kind: 'transient',
      remedy:
        'see whether the webhook that is named runs: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations',
    };
  }
  if (/being terminated/.test(message)) return { code: 'NamespaceTerminating', kind: 'transient' };
  if (reason === 'Forbidden') return missingRight(message);
  if (code === 401) {
    return {
      code: 'OperatorUnauthorized',
      kind: 'transient',
      remedy:
        'restart the operator, so that it gets a new token: kubectl rollout restart deployment kaito-workspace -n <namespace of kaito>',
    };
  }
  if (reason === 'Invalid' || code === 400 || code === 422) {
    return {
      code: 'ObjectInvalid',
      kind: 'terminal',
      remedy: 'mend the field that is named in the Workspace: kubectl edit workspace',
    };
  }
  if (code === 404 && /could not find the requested resource/.test(message)) {
    return {
      code: 'ResourceNotInstalled',
      kind: 'terminal',
      remedy: 'install the CRDs of the chart: kubectl apply -f charts/kaito/files/crds',
    };
  }
  if (code === 429) return { code: 'ApiServerBusy', kind: 'transient' };
  return { code: code >= 500 ? 'ApiServerFailing' : 'ApiServerRefused', kind: 'transient' };
}

function missingRight(message: string): Kind {
  const [, user, verb, plural, group, namespace] = forbidden.exec(message) ?? [];
  if (user === undefined) {
    return {
      code: 'Forbidden',
      kind: 'terminal',
      remedy: 'see what the operator may do: kubectl auth can-i --list --as <its ServiceAccount>',
    };
  }
  const target = group === '' ? plural : `${plural}.${group}`;
  const scope = namespace === undefined ? '' : ` -n ${namespace}`;
  return {
    code: 'MissingRight',
    kind: 'terminal',
    remedy: `give it back with the chart (helm upgrade kaito charts/kaito --reuse-values --set rbac.create=true), then check: kubectl auth can-i ${verb} ${target}${scope} --as ${user}`,
  };
}

/** The sentence; of a missing right only who may not do what, of a webhook only what it said. */
function context({ status }: ApiError, doing: string): { readonly message: string } {
  const [, user, verb, plural, group, namespace] = forbidden.exec(status.message) ?? [];
  if (user !== undefined) {
    const target = group === '' ? plural : `${plural}.${group}`;
    const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
    return { message: `cannot ${doing}: ${user} may not ${verb} ${target} ${where}` };
  }
  const [, webhook, said] = deniedBy.exec(status.message) ?? [];
  if (webhook !== undefined) return { message: `cannot ${doing}: the webhook ${webhook} denies it: ${said}` };
  return { message: `cannot ${doing}: ${status.message}` };
}
