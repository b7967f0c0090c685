import { oneLine } from '../one-line.ts';
import { codeLike } from './rule.ts';
import type { Rule } from './rule.ts';

export const throttled: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(TooManyRequests|\w*Throttled\w*|RateLimit\w*|SubscriptionRequestsThrottled|ResourceRequestsThrottled)$/i,
  );
  if (azureCode === undefined && facts.status !== 429) return undefined;
  return {
    code: 'Throttled',
    message: 'Azure takes no more calls from here for the moment',
    remedy: 'wait; it is tried again by itself',
    retry: 'soon',
    azureCode: azureCode ?? facts.codes[0],
  };
};

export const serverError: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(Internal\w*Error|InternalOperationError|ServerTimeout|ServiceUnavailable|GatewayTimeout|BadGateway|ServerBusy|RequestTimeout|InternalExecutionError|DependencyError)$/i,
  );
  const byStatus = facts.status !== undefined && (facts.status >= 500 || facts.status === 408);
  if (azureCode === undefined && !byStatus) return undefined;
  const detail = oneLine(facts.says);
  return {
    code: 'ServerError',
    message: `Azure failed by itself${facts.status === undefined ? '' : ` (HTTP ${facts.status})`}${detail === '' ? '' : `: ${detail}`}`,
    remedy:
      'wait; if it stays so, look at the state of the service: az rest --method get --url /subscriptions/SUBSCRIPTION/providers/Microsoft.ResourceHealth/events?api-version=2024-02-01',
    retry: 'soon',
    azureCode: azureCode ?? facts.codes[0],
  };
};
