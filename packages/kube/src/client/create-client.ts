import type { ClusterConfig } from '../config/cluster-config.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { ApiClient } from './api-client.ts';
import type { StreamingClient } from './api-client.ts';
import type { ApiCall, Intercept, RequestMeasure } from './call.ts';
import { Requester } from './requester.ts';

export interface ClientOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default `kaito-kube`; audit logs and `managedFields` show it. */
  readonly userAgent?: string;
  /**
   * Requests per second, lists and writes together; watches and Leases never wait. Absent: no limit, as the server's priority and fairness
   * shares it out better, and 32 connections bound what is under way.
   */
  readonly qps?: number;
  /** Requests at once before `qps` holds; default twice that. */
  readonly burst?: number;
  /** After every request on the wire. */
  readonly onRequest?: (measure: RequestMeasure) => void;
  /** What the API server warns of; default: logged, each text once. */
  readonly onWarning?: (text: string, call: ApiCall) => void;
  /** For tests: may delay, refuse or lose any request. */
  readonly intercept?: Intercept;
}

/** A connection to the API server that `config` names. Nothing is sent before the first call. @throws RangeError for an impossible `qps` */
export function createClient(config: ClusterConfig, options: ClientOptions): StreamingClient {
  const { logger, onWarning = loggedOnce(logger), ...rest } = options;
  const requester = new Requester(config, { userAgent: 'kaito-kube', ...rest, onWarning });
  return new ApiClient(requester, { clock: options.clock, compress: config.compress === true });
}

/** Texts that were logged are remembered up to here; a server that words each warning anew is not to fill the memory. */
const mostRemembered = 200;

function loggedOnce(logger: Logger): (text: string) => void {
  const seen = new Set<string>();
  return (text) => {
    if (seen.has(text)) return;
    if (seen.size >= mostRemembered) seen.clear();
    seen.add(text);
    logger.log('warn', `the API server warns: ${text}`);
  };
}
