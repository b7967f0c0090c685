import { oneLine } from '../one-line.ts';
import { clusterArguments, codeLike } from './rule.ts';
import type { Rule } from './rule.ts';

export const clusterStopped: Rule = (facts, context) => {
  const azureCode = codeLike(
    facts,
    /^(ClusterStopped|ManagedClusterStopped|ManagedClusterNotRunning|\w*PowerState\w*)$/i,
  );
  const said =
    /\bcluster\b[^.]{0,120}\bstopped\b|\bstopped\b[^.]{0,40}\bcluster\b|\bcluster\b[^.]{0,80}\bnot (in )?(a |the )?'?running\b/i;
  if (azureCode === undefined && !said.test(facts.text)) return undefined;
  return {
    code: 'ClusterStopped',
    message: `the cluster${context.cluster === undefined ? '' : ` ${context.cluster}`} is stopped`,
    remedy: `az aks start ${clusterArguments(context)}`,
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

export const operationInProgress: Rule = (facts, context) => {
  const azureCode = codeLike(
    facts,
    /^(OperationInProgress|AnotherOperationInProgress|OperationPreempted|ConflictingConcurrentWriteNotAllowed|ConcurrentFederatedIdentityCredentialsWrites\w*|ResourceGroupBeingDeleted|RetryableError|ConflictError)$/i,
  );
  const said =
    /\b(in[- ]progress|another operation|operation is already|currently being (created|updated|deleted|upgraded)|being (created|updated|deleted|upgraded)|provisioning ?state.{0,30}\b(creating|updating|deleting|upgrading|scaling)\b)/i;
  const conflict = facts.status === undefined || facts.status === 409 || facts.status === 400;
  const bare = facts.status === 409 ? codeLike(facts, /^(Conflict|OperationNotAllowed)$/i) : undefined;
  const exists = /\balready exists\b/i.test(facts.text);
  if (azureCode === undefined && !(conflict && said.test(facts.text)) && (bare === undefined || exists))
    return undefined;
  const detail = oneLine(facts.says);
  return {
    code: 'OperationInProgress',
    message: `another operation is under way${context.cluster === undefined ? '' : ` on the cluster ${context.cluster}`}${detail === '' ? '' : `: ${detail}`}`,
    remedy: 'wait until it has ended; it is tried again by itself',
    retry: 'soon',
    azureCode: azureCode ?? bare ?? facts.codes[0],
  };
};

export const preconditionFailed: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(PreconditionFailed|EtagMismatch|ETagMismatch|ConditionNotMet|IfNoneMatch\w*|IfMatch\w*)$/i,
  );
  if (azureCode === undefined && facts.status !== 412) return undefined;
  return {
    code: 'PreconditionFailed',
    message: 'the resource exists already, or was changed by someone else since it was read',
    remedy: 'read it again and decide anew',
    retry: 'soon',
    azureCode: azureCode ?? facts.codes[0],
  };
};

export const notFound: Rule = (facts, context) => {
  const azureCode = codeLike(facts, /NotFound$|DoesNotExist$|^Gone$/i);
  if (
    azureCode === undefined ||
    (facts.status !== undefined && facts.status !== 404 && facts.status !== 400 && facts.status !== 410)
  )
    return undefined;
  if (/\bNo HTTP resource was found\b/i.test(facts.text)) return undefined;
  if (/^Subscription/i.test(azureCode))
    return {
      code: 'InvalidRequest',
      message: `the subscription${context.subscriptionId === undefined ? '' : ` ${context.subscriptionId}`} is not known to this identity's tenant`,
      remedy: 'check the subscription and the tenant: az account list --output table',
      retry: 'later',
      azureCode,
    };
  if (/^Principal/i.test(azureCode))
    return {
      code: 'NotFound',
      message: 'the directory does not know the principal; a new identity takes a minute to be known',
      remedy: 'wait a minute; check the object id: az ad sp show --id OBJECT_ID',
      retry: 'soon',
      azureCode,
    };
  if (context.cluster !== undefined && clusterIsMissing(azureCode, facts.text))
    return {
      code: 'ClusterNotFound',
      message: `there is no AKS cluster ${context.cluster} in resource group ${context.resourceGroup ?? ''}`,
      remedy: `check cluster, resource group and subscription: az aks show ${clusterArguments(context)}`,
      retry: 'later',
      azureCode,
    };
  return {
    code: 'NotFound',
    message: oneLine(facts.says) || 'there is no such resource',
    remedy: 'check the name, the resource group and the subscription: az resource list --output table',
    retry: 'later',
    azureCode,
  };
};

/** `ResourceNotFound` is said of the cluster and of what is in it: the resource that it names tells. */
function clusterIsMissing(azureCode: string, text: string): boolean {
  if (/^(Parent|ResourceGroup|ManagedCluster|Cluster)/i.test(azureCode)) return true;
  if (/^AgentPool/i.test(azureCode)) return false;
  if (/\bmanagedClusters\/[^/'"\s]+['"]/i.test(text)) return true;
  return !/\b(agent|node) ?pools?\b/i.test(text) && /\bmanaged ?clusters?\b/i.test(text);
}
