import type { Fault } from '@kaito/diagnosis';
import { ApiError, ConnectionError } from '@kaito/kube';

/** What was being done when the API server refused: `create NodeClaim ws1a2b3c4d5`. */
export interface Deed {
  readonly doing: string;
  /** For the right that is missing: `create nodeclaims.karpenter.sh`. */
  readonly verb: string;
  readonly resource: string;
}

export interface ApiFault {
  readonly fault: Fault;
  /** Milliseconds until another try is worth it. */
  readonly retryAfterMs: number;
}

/** Until a person may have mended it: nothing tells when a right or a quota has been granted. */
const untilMendedMs = 60_000;
const shortlyMs = 5_000;

/**
 * An error of the API server as data, with what mends it.
 * @throws the error itself where it is neither a refusal nor a lost connection: then it is a defect, or the process is being stopped.
 */
export function apiFault(error: unknown, { doing, verb, resource }: Deed): ApiFault {
  if (error instanceof ConnectionError) {
    const message = `No answer from the API server to: ${doing}.`;
    return { fault: { code: 'ApiServerUnreachable', message, kind: 'transient' }, retryAfterMs: shortlyMs };
  }
  if (!(error instanceof ApiError)) throw error;
  const { code, reason, message } = error.status;
  const terminal = (faultCode: string, remedy: string): ApiFault => ({
    fault: { code: faultCode, message: `The API server refuses to ${doing}: ${message}`, remedy, kind: 'terminal' },
    retryAfterMs: untilMendedMs,
  });
  if (reason === 'Forbidden' && /quota/i.test(message)) {
    return terminal('QuotaExceeded', 'raise the quota: kubectl get resourcequota -A');
  }
  if (reason === 'Forbidden') {
    return terminal(
      'MissingRight',
      `grant it by the chart of this version (helm upgrade), and check: kubectl auth can-i ${verb} ${resource}`,
    );
  }
  if (reason === 'Invalid' || code === 400 || reason === 'NotAcceptable' || reason === 'MethodNotAllowed') {
    return terminal(
      'RefusedByApiServer',
      `compare the installed definition with the one of this version: kubectl get crd ${resource} -o yaml`,
    );
  }
  return {
    fault: {
      code: reason || 'ApiServerError',
      message: `The API server could not ${doing}: ${message}`,
      kind: 'transient',
    },
    retryAfterMs: Math.max(shortlyMs, (error.retryAfterSeconds ?? 0) * 1000),
  };
}
