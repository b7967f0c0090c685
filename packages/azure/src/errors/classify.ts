import type { IncomingHttpHeaders } from 'node:http';
import { parseJson } from '../json.ts';
import { requestIds } from '../wire/request-ids.ts';
import { AzureError } from './azure-error.ts';
import { errorFacts } from './facts.ts';
import type { ErrorFacts } from './facts.ts';
import { oneLine } from './one-line.ts';
import { poolLimitReached, subnetFull } from './rules/limits.ts';
import { capacityMissing, skuNotAvailable, zoneNotAvailable } from './rules/offer.ts';
import { assignmentLimit, quotaExceeded } from './rules/quota.ts';
import { locked, policyDenied, providerNotRegistered, rightMissing, unauthorized } from './rules/rights.ts';
import type { CallContext, Rule, Verdict } from './rules/rule.ts';
import { clusterStopped, notFound, operationInProgress, preconditionFailed } from './rules/state.ts';
import { serverError, throttled } from './rules/way.ts';

/** The first that recognises an error tells it: those that say more come before those that say less. */
const rules: readonly Rule[] = [
  unauthorized,
  policyDenied,
  locked,
  providerNotRegistered,
  rightMissing,
  throttled,
  preconditionFailed,
  poolLimitReached,
  quotaExceeded,
  assignmentLimit,
  subnetFull,
  zoneNotAvailable,
  skuNotAvailable,
  capacityMissing,
  clusterStopped,
  notFound,
  serverError,
  operationInProgress,
];

export interface RefusedAnswer {
  /** Undefined for the error of a long-running operation, which has failed on its own time. */
  readonly status: number | undefined;
  readonly headers?: IncomingHttpHeaders;
  /** The body: JSON text, or what it was parsed to. */
  readonly body: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** Tells an error of Resource Manager, of a service behind it or of a long-running operation. Never throws. */
export function classify(answer: RefusedAnswer, context: CallContext = {}): AzureError {
  const body = typeof answer.body === 'string' ? (parseJson(answer.body) ?? {}) : answer.body;
  const facts = errorFacts(answer.status, body);
  const { code, message, remedy, retry, azureCode } = verdict(facts, context);
  const named = azureCode !== undefined && !message.includes(azureCode) ? ` (${oneLine(azureCode)})` : '';
  return new AzureError(code, {
    message: `${oneLine(message)}${named}`,
    remedy,
    retry,
    ...(answer.status === undefined ? {} : { status: answer.status }),
    ...(azureCode === undefined ? {} : { azureCode }),
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
    ...(answer.headers === undefined ? {} : requestIds(answer.headers)),
  });
}

function verdict(facts: ErrorFacts, context: CallContext): Verdict {
  for (const rule of rules) {
    const found = rule(facts, context);
    if (found !== undefined) return found;
  }
  return unrecognised(facts);
}

const invalid =
  /^(Bad|Invalid|Unsupported|Missing|NoRegisteredProvider|Validation|LinkedInvalid|PropertyChange|OperationNotAllowed|\w*NotSupported|\w*Invalid\b)/i;

function unrecognised(facts: ErrorFacts): Verdict {
  const { status, codes } = facts;
  const azureCode = codes[0];
  const says = oneLine(facts.says);
  if (status === undefined && (azureCode === undefined || !invalid.test(azureCode)))
    return {
      code: 'OperationFailed',
      message: `the operation failed at Azure${says === '' ? '' : `: ${says}`}`,
      remedy: "look at the cluster's activity: az monitor activity-log list --status Failed --offset 1h --output table",
      retry: 'later',
      azureCode,
    };
  if (azureCode === undefined)
    return {
      code: 'ServerError',
      message: `the answer (HTTP ${status}) is none of Azure Resource Manager`,
      remedy: 'check the address of Resource Manager, and proxies on the way there',
      retry: 'later',
    };
  return {
    code: 'InvalidRequest',
    message: `Azure refuses what was asked for${says === '' ? '' : `: ${says}`}`,
    remedy: 'change what is asked for as Azure says',
    // A conflict is with what is there, which may change.
    retry: status === 409 ? 'later' : 'never',
    azureCode,
  };
}
