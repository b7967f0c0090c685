import { argument, codeLike } from './rule.ts';
import type { Rule } from './rule.ts';
import { oneLine } from '../one-line.ts';
import { shortScope } from './scope.ts';

/** Built-in roles that hold an action; of a cluster, the one that also holds what will be needed next. Source: Azure's list of built-in roles. */
const roles: readonly (readonly [action: RegExp, role: string])[] = [
  [/^Microsoft\.ContainerService\/managedClusters\b/i, 'Azure Kubernetes Service Contributor Role'],
  [/^Microsoft\.ContainerRegistry\/registries\/pull\//i, 'AcrPull'],
  [/\/read$/i, 'Reader'],
  [/^Microsoft\.ManagedIdentity\//i, 'Managed Identity Contributor'],
  [/^Microsoft\.Network\//i, 'Network Contributor'],
  [/^Microsoft\.Authorization\/roleAssignments\//i, 'Role Based Access Control Administrator'],
  [/^Microsoft\.Authorization\/roleDefinitions\//i, 'User Access Administrator'],
];

export const rightMissing: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(AuthorizationFailed|LinkedAuthorizationFailed|Forbidden|AuthorizationPermissionMismatch)$/i,
  );
  if (azureCode === undefined && facts.status !== 403) return undefined;
  const { text } = facts;
  const linked = /not have permission to perform action\(?s?\)? '([^']+)' on the linked scope\(?s?\)? '([^']+)'/i.exec(
    text,
  );
  const direct = /perform action '([^']+)' over scope '([^']+)'/i.exec(text);
  const [, action, scope] = linked ?? direct ?? [];
  const client = /client '([^']+)'/i.exec(text)?.[1];
  const object = /object id '([^']+)'/i.exec(text)?.[1];
  const principal = object ?? client;
  if (action === undefined || scope === undefined)
    return {
      code: 'RightMissing',
      message: `Azure refuses it for want of a right: ${oneLine(facts.says) || 'it does not say which'}`,
      remedy: 'see which roles the identity has: az role assignment list --assignee IDENTITY --all --output table',
      retry: 'later',
      azureCode: azureCode ?? facts.codes[0],
    };
  const [role, at] = [roleFor(action), assignable(action, scope.split(',')[0]!.trim())];
  const who =
    client?.includes('@') === true
      ? `--assignee ${argument(client)}`
      : `--assignee-object-id ${argument(principal ?? 'OBJECT_ID')} --assignee-principal-type ServicePrincipal`;
  return {
    code: 'RightMissing',
    message: `the identity ${principal ?? 'in use'} lacks the right ${action} on ${shortScope(scope)}; one just given takes up to 10 minutes to be known`,
    remedy: `az role assignment create ${who} --role '${role}' --scope ${argument(at)}`,
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

function roleFor(action: string): string {
  return roles.find(([pattern]) => pattern.test(action))?.[1] ?? 'Contributor';
}

/** Where the role is to be given: a pool's right belongs on its cluster, which outlives it. */
function assignable(action: string, scope: string): string {
  if (/^Microsoft\.ContainerService\//i.test(action)) return scope.replace(/(\/managedClusters\/[^/]+)\/.*$/i, '$1');
  if (/^Microsoft\.Compute\/(locations|skus)/i.test(action))
    return scope.replace(/^(\/subscriptions\/[^/]+)\/.*$/i, '$1');
  return scope.replace(/\/providers\/Microsoft\.Authorization\/.*$/i, '');
}

export const policyDenied: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(RequestDisallowedByPolicy|RequestDisallowedByAzure|DisallowedByPolicy|PolicyViolation)$/i,
  );
  if (azureCode === undefined && !/\bdisallowed by (azure )?policy\b/i.test(facts.text)) return undefined;
  const named = /"policyAssignment"\s*:\s*\{\s*"name"\s*:\s*"([^"]+)"/i.exec(facts.text)?.[1];
  const policies = facts.policies.length > 0 ? facts.policies : named === undefined ? [] : [named];
  const names = policies
    .slice(0, 3)
    .map((name) => `'${oneLine(name)}'`)
    .join(', ');
  return {
    code: 'PolicyDenied',
    message: `a policy of the organisation forbids it${names === '' ? '' : `: ${names}`}`,
    remedy: `change what is asked for, or ask for an exemption: az policy assignment list --query "[].{name:name,displayName:displayName}" --output table`,
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

export const locked: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(ScopeLocked|ReadOnlyDisabledSubscription|SubscriptionDisabled|DisabledSubscription)$/i,
  );
  if (azureCode === undefined) return undefined;
  const lock = /^ScopeLocked$/i.test(azureCode);
  return {
    code: 'PolicyDenied',
    message: lock
      ? 'a lock on the resource, its group or the subscription forbids it'
      : 'the subscription is disabled: it can only be read',
    remedy: lock
      ? 'see the locks: az lock list --output table; remove one: az lock delete --ids LOCK_ID'
      : 'enable the subscription again, as its owner: az account show',
    retry: 'later',
    azureCode,
  };
};

export const providerNotRegistered: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(MissingSubscriptionRegistration|SubscriptionNotRegistered|FeatureNotRegistered|PreviewFeatureNotRegistered\w*|FeatureNotEnabled)$/i,
  );
  const said = /\bsubscription\b.{0,60}\bnot registered\b/i;
  if (azureCode === undefined && !said.test(facts.text)) return undefined;
  const feature = azureCode !== undefined && /Feature/i.test(azureCode);
  const namespace = /\b(Microsoft\.\w+)/.exec(facts.text)?.[1] ?? 'Microsoft.ContainerService';
  const name = feature ? /feature '?(?:Microsoft\.\w+\/)?([\w-]+)'?/i.exec(facts.text)?.[1] : undefined;
  return {
    code: 'ProviderNotRegistered',
    message: feature
      ? `the subscription has not registered ${name === undefined ? 'a feature' : `the feature ${name}`} of ${namespace}`
      : `the subscription is not registered for ${namespace}`,
    remedy: feature
      ? `az feature register --namespace ${namespace} --name ${name ?? 'FEATURE'} && az provider register --namespace ${namespace} --wait`
      : `az provider register --namespace ${namespace} --wait`,
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

export const unauthorized: Rule = (facts) => {
  if (facts.status !== 401) return undefined;
  const azureCode = codeLike(facts, /Authentication/i) ?? facts.codes[0];
  const tenant = /InvalidAuthenticationTokenTenant/i.test(azureCode ?? '')
    ? / tenant '?[^']*?\/([\da-f-]{36})/i.exec(facts.text)?.[1]
    : undefined;
  return {
    code: 'Unauthorized',
    message: /InvalidAuthenticationTokenTenant/i.test(azureCode ?? '')
      ? 'the token is of another tenant than the subscription'
      : `Azure does not accept the token${facts.says === '' ? '' : `: ${oneLine(facts.says)}`}`,
    remedy: `log in again to the tenant of the subscription: az login --tenant ${tenant ?? 'TENANT'}; for an identity in a cluster check AZURE_TENANT_ID and the clock`,
    retry: 'later',
    azureCode,
  };
};
