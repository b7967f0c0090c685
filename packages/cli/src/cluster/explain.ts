import type { Finding } from '@kaito/api';
import { ApiError, ConfigError, ConnectionError } from '@kaito/kube';
import { Failure, failure } from '../failure.ts';

/** The command that shows the operator's pods. */
export const operatorCommand = 'kubectl get pod -A -l app.kubernetes.io/part-of=kaito-ts';
/** The command that installs the operator with its CRDs. */
export const installCommand = 'helm install kaito charts/kaito --namespace kaito-system --create-namespace';

const sentence = (text: string) => {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
};

/** What `@kaito/kube` throws as a Failure: one sentence and the command that mends it. Whatever else comes back as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof ConfigError) return failure(error.code, sentence(error.message), sentence(error.remedy));
  if (error instanceof ConnectionError) {
    const message = error.message.replace(/^.*?: (?=cannot talk to )/, '');
    const remedy = error.remedy ?? 'Try again, and see whether the cluster is healthy: kubectl get --raw /readyz';
    return failure(error.code ?? 'Unreachable', sentence(message), sentence(remedy));
  }
  return error instanceof ApiError ? refusal(error) : error;
}

function refusal({ status, message: whole }: ApiError): Failure {
  const { reason, message, details, code } = status;
  if (/failed calling webhook/.test(message)) {
    const why = /failed to call webhook: (.*)$/s.exec(message)?.[1] ?? message;
    return failure(
      'WebhookUnreachable',
      `The API server cannot ask KAITO's webhook: ${sentence(why)}`,
      `See what is amiss: ${operatorCommand}.`,
    );
  }
  const dial = /(?:^Get "https:|dialing backend: ).*?(dial tcp .*)$/s.exec(message);
  if (dial != null)
    return failure(
      'KubeletUnreachable',
      `The API server cannot reach the kubelet of the pod's node: ${dial[1]!}.`,
      'See whether the node is Ready: kubectl get nodes; on AKS also: kubectl get pods -n kube-system -l app=konnectivity-agent.',
    );
  const denied = /^admission webhook "([^"]+)" denied the request: (.*)$/s.exec(message);
  if (denied != null) return denial(denied[1]!, denied[2]!, details?.causes);
  switch (reason) {
    case 'Unauthorized':
      return failure(
        'Unauthorized',
        'The API server does not accept these credentials.',
        'Log in again (on AKS: az aks get-credentials, or kubelogin), then try again.',
      );
    case 'Forbidden':
      return forbidden(message);
    case 'NotFound':
      if (details?.kind === 'namespaces')
        return failure(
          'NamespaceMissing',
          `There is no namespace ${details.name ?? ''}.`,
          `Create it: kubectl create namespace ${details.name ?? 'NAME'}.`,
        );
      if (/could not find the requested resource|page not found/.test(message) && /workspaces|kaito\.sh/.test(whole))
        return failure(
          'NotInstalled',
          'The cluster does not know Workspaces: KAITO is not installed there.',
          `Install it: ${installCommand}.`,
        );
      break;
    case 'Conflict':
      if (details?.causes?.some((cause) => cause.reason === 'FieldManagerConflict') === true)
        return failure(
          'Conflict',
          sentence(message.split('\n')[0] ?? message),
          'Change them where they are managed, or take them over: --force-conflicts.',
        );
      break;
    case 'Invalid':
      if ((details?.causes ?? []).length > 0) return new Failure(findingsOf(details!.causes!));
      break;
    default:
  }
  return failure(reason, `The API server refused (${code}): ${sentence(message)}`);
}

type Causes = NonNullable<NonNullable<ApiError['status']['details']>['causes']>;

function findingsOf(causes: Causes): Finding[] {
  return causes.map(({ reason = 'Invalid', message = '', field }) => ({
    code: reason,
    severity: 'error',
    message: sentence(message),
    ...(field == null || field === '' || field === '<nil>' ? {} : { path: field }),
  }));
}

function denial(webhook: string, text: string, causes: Causes | undefined): Failure {
  if (causes != null && causes.length > 0) {
    // Each line of the text ends with the remedy, which the cause does not hold.
    const lines = text.replace(/^validation failed: /, '').split('\n');
    return new Failure(
      findingsOf(causes).map((finding) => {
        const said = lines.find((line) => line.includes(finding.message));
        const remedy = said?.slice(said.indexOf(finding.message) + finding.message.length).trim();
        return remedy == null || remedy === '' ? finding : { ...finding, remedy };
      }),
    );
  }
  return failure('Denied', `The admission webhook ${webhook} denied it: ${sentence(text)}`);
}

const refused =
  /User "([^"]*)" cannot (\S+) resource "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]*)")?/;

function forbidden(message: string): Failure {
  const match = refused.exec(message);
  if (match == null) return failure('Forbidden', sentence(message));
  const [, user = '', verb = '', resource = '', group = '', namespace] = match;
  const where = namespace == null ? 'in the whole cluster' : `in namespace ${namespace}`;
  const name = group === '' ? resource : `${resource}.${group}`;
  return failure(
    'Forbidden',
    `${user} may not ${verb} ${name} ${where}.`,
    `Have an administrator grant it: ${grant({ user, verb, resource, group, namespace })}.`,
  );
}

const reading = new Set(['get', 'list', 'watch']);

/** The command that gives a person the right, by a role that exists where one holds it. */
export function grant(of: {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly group: string;
  readonly namespace: string | undefined;
}): string {
  const { user, verb, resource, group, namespace } = of;
  const read = reading.has(verb) && resource !== 'pods/portforward';
  const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(user);
  const subject = account == null ? `--user=${user}` : `--serviceaccount=${account[1]}:${account[2]}`;
  const role = group === 'kaito.sh' ? `kaito-workspace-${read ? 'view' : 'edit'}` : read ? 'view' : 'edit';
  const ours = ['workspaces', 'pods', 'pods/log', 'pods/portforward', 'events', 'services'].includes(resource);
  const binding = role.startsWith('kaito-') ? role : `kaito-${role}`;
  if (namespace != null && ours)
    return `kubectl create rolebinding ${binding} --clusterrole=${role} ${subject} -n ${namespace}`;
  if (ours) return `kubectl create clusterrolebinding ${binding} --clusterrole=${role} ${subject}`;
  const name = `${resource.replaceAll('/', '-')}-${verb}`;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  return `kubectl create clusterrole ${name} --verb=${verb} --resource=${qualified} && kubectl create clusterrolebinding ${name} --clusterrole=${name} ${subject}`;
}
