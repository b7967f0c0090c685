import { brief, listed, withoutStop } from '../../brevity.ts';
import { failingNodeClaim, type NodeClaimTrouble, nodesAreReady } from '../../nodes.ts';
import type { Policy, View } from '../policy.ts';

/** The cluster does not know NodeClaims, and machines are wanted. */
export const nodeClaimsNotInstalled: Policy = ({ evidence: { nodeClaimsInstalled, nodeClaims, nodes } }) =>
  nodeClaimsInstalled !== false || nodeClaims === undefined || (nodes !== undefined && nodesAreReady(nodes))
    ? undefined
    : {
        code: 'NodeClaimsNotInstalled',
        message: 'machines cannot be asked for: the cluster does not know karpenter.sh/v1 NodeClaims',
        needs: 'person',
        remedy:
          'install the chart with its provisioner (kubectl apply -f charts/kaito/files/crds brings the CRDs), or leave resource.instanceType empty to use existing nodes',
      };

/** A NodeClaim waits for a provisioner that does not run, and which said why. */
export const provisionerDown: Policy = (view) => {
  const { provisioner, nodeClaims = [] } = view.evidence;
  if (provisioner === undefined || !nodeClaims.some(({ conditions }) => conditions.length === 0)) return undefined;
  const { namespace, pod, message } = provisioner;
  const [sentence, given] = splitRemedy(message);
  const cause = causes.find(({ code, pattern }) => code === 'FederationMissing' && pattern.test(message));
  return {
    code: cause?.code ?? 'ProvisionerDown',
    message: brief(`the provisioner does not run: ${withoutStop(sentence)}`),
    needs: 'person',
    remedy: given ?? cause?.remedy(view) ?? `see why: kubectl describe pod ${pod} -n ${namespace}`,
  };
};

/** Seconds in which a provisioner that runs has put its first condition on a NodeClaim. */
const silentSeconds = 120;

/** A NodeClaim that nobody looks after. */
export const provisionerSilent: Policy = (view) => {
  const silent = (view.evidence.nodeClaims ?? []).filter(
    ({ conditions, createdAt }) => conditions.length === 0 && view.passed(createdAt, silentSeconds),
  );
  if (silent.length === 0) return undefined;
  return {
    code: 'ProvisionerSilent',
    message: brief(
      `no provisioner looks after NodeClaim ${listed(silent.map(({ name }) => name))}: it has no condition`,
    ),
    needs: 'person',
    remedy:
      'see whether one runs: kubectl get pods --all-namespaces | grep provisioner; if none does, install it with the chart or leave resource.instanceType empty to use existing nodes',
  };
};

interface Cause {
  readonly code: string;
  /** Reasons of a condition, and words in its message, e.g. the error codes of Azure Resource Manager. */
  readonly pattern: RegExp;
  readonly remedy: (view: View) => string;
  /** Comes right without a person. */
  readonly passing?: true;
}

function machineType(view: View): string {
  return view.plan.placement?.instanceType ?? '<machine type>';
}

/** First hit wins: the narrow ones stand first. */
const causes: readonly Cause[] = [
  {
    code: 'QuotaExceeded',
    pattern: /Quota|exceeding approved|Family Cores|LowPriorityCores/,
    remedy: (view) =>
      `see what is left (az vm list-usage --location <region> -o table), ask for more under Quotas in the portal, or take another type than ${machineType(view)}: kaito machines`,
  },
  {
    code: 'SKUNotAvailable',
    pattern:
      /SKUNot|SkuNot|NotAvailableForSubscription|VMSizeNot|VMSizeIsNot|not (?:available|supported) in (?:the )?(?:location|region)/i,
    remedy: (view) =>
      `see where it is offered: az vm list-skus --location <region> --size ${machineType(view)} --all -o table; kaito machines lists others`,
  },
  {
    code: 'CapacityMissing',
    pattern:
      /^CapacityMissing$|AllocationFailed|InsufficientCapacity|OverconstrainedAllocation|OverconstrainedZonal|NicReservedForAnotherVm/,
    remedy: (view) => `wait, or take another type than ${machineType(view)}, or another region: kaito machines`,
    passing: true,
  },
  {
    code: 'RequestDisallowedByPolicy',
    pattern: /^PolicyDenied$|RequestDisallowedByPolicy|DisallowedByPolicy|PolicyViolation/,
    remedy: () => 'ask who owns the policy that is named for an exemption: az policy assignment list -o table',
  },
  {
    code: 'FederationMissing',
    pattern: /AADSTS\d+|Federat/,
    remedy: () =>
      "renew the provisioner's federated credential: az identity federated-credential list --identity-name <identity> -g <resource group>",
  },
  {
    code: 'CloudRightMissing',
    pattern:
      /^RightMissing$|AuthorizationFailed|LinkedAuthorizationFailed|Unauthorized|Forbidden|does not have authorization/,
    remedy: () =>
      "give the provisioner's identity the right: az role assignment create --assignee <client id> --role Contributor --scope <id of the cluster>",
  },
  {
    code: 'CloudBusy',
    pattern:
      /^(?:OperationInProgress|ServerError|TimedOut)$|TooManyRequests|OperationNotAllowed|OperationPreempted|another operation|Throttl|Conflict/i,
    remedy: () => 'wait: the provisioner tries again',
    passing: true,
  },
];

/** A NodeClaim says why its machine does not come. A remedy that the provisioner gives is passed on. */
export const nodeClaimFailing: Policy = (view) => {
  const failing = failingNodeClaim(view.evidence.nodeClaims);
  if (failing === undefined || failing.pending) return undefined;
  const nodes = view.evidence.nodes;
  if (view.plan.target === 'cluster' && nodes !== undefined && nodesAreReady(nodes)) return undefined;
  const [sentence, given] = splitRemedy(failing.message);
  const inspect = `see what the provisioner says: kubectl describe nodeclaim ${failing.name}`;
  const cause = view.plan.target === 'cluster' ? causeOf(failing, given !== undefined) : undefined;
  const message = brief(withoutStop(sentence));
  const remedy = given ?? cause?.remedy(view) ?? inspect;
  return { code: cause?.code ?? failing.reason, message, needs: cause?.passing === true ? 'time' : 'person', remedy };
};

/** A provisioner that gives a remedy tells the cause by its reason; the words of others are searched for it. */
function causeOf({ reason, message }: NodeClaimTrouble, told: boolean): Cause | undefined {
  const byReason = causes.find(({ pattern }) => pattern.test(reason));
  return byReason ?? (told ? undefined : causes.find(({ pattern }) => pattern.test(message)));
}

/** `sentence. Remedy: what to do`, the form in which our provisioner writes. */
function splitRemedy(message: string): readonly [string, string | undefined] {
  const at = message.search(/\bRemedy: /);
  if (at === -1) return [message, undefined];
  return [message.slice(0, at), message.slice(at + 'Remedy: '.length).trim()];
}
