import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Logger } from '@kaito/kube';
import type { Authorization } from '../authorization/authorization.ts';
import type { Principals } from '../entra/principals.ts';
import type { Operations, StoredOperation } from '../operations/operations.ts';
import type { Json, JsonObject, Store } from '../store/store.ts';

/** A call of Resource Manager whose caller is known and allowed. */
export interface ArmRequest {
  /** What stood in the braces of the route's path, as the caller wrote it. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly apiVersion: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: JsonObject | undefined;
  /** Object id of the principal whose token came with it. */
  readonly callerId: string;
  /** The path, without its query. */
  readonly path: string;
  /** Scheme, host and port by which the caller reached the emulator. */
  readonly origin: string;
}

export interface ArmAnswer {
  readonly status: number;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  /** Adds the headers by which the caller follows a long-running operation; with `Retry-After`, always. */
  readonly operation?: StoredOperation;
}

/** One operation of Resource Manager. */
export interface ArmRoute {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE' | 'HEAD';
  /** E.g. `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.ContainerService/managedClusters/{name}`; matched without regard to case. `{scope+}` at its beginning takes any number of segments. */
  readonly path: string;
  /** The right that it needs at the scope of its path, e.g. `Microsoft.ContainerService/managedClusters/write`; undefined: any caller whose token is good. */
  readonly action: string | undefined;
  /** Api-versions that are known; any other is answered as Azure does. */
  readonly apiVersions: readonly string[];
  /** Names of query parameters beside api-version; any other is refused. */
  readonly query?: readonly string[];
  /** @throws ArmError */
  handle(request: ArmRequest): ArmAnswer | Promise<ArmAnswer>;
}

/** What answers on host names of its own (Entra, Graph, registries, token issuers). */
export interface HostService {
  /** `host` without port, in small letters, or `host:port` where the port is what tells. */
  serves(host: string, path: string): boolean;
  /** Host names that lead here now, without port; with public names they are put into the hosts file after each call that may change them. */
  names?(): readonly string[];
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** What only the lab has: a call of the admin endpoint, JSON both ways. */
export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** E.g. `/quotas/{location}/{family}`. */
  readonly path: string;
  /** Undefined is answered with 204. @throws ArmError */
  handle(
    parameters: Readonly<Record<string, string>>,
    body: JsonObject,
  ): Json | undefined | void | Promise<Json | undefined | void>;
}

/** One part of Azure: a folder of this package. */
export interface Service {
  readonly arm?: readonly ArmRoute[];
  readonly hosts?: readonly HostService[];
  readonly admin?: readonly AdminRoute[];
  /** Begins what it does by itself; ends with the signal. */
  run?(signal: AbortSignal): Promise<void>;
}

/** What all parts share. */
export interface Emulator {
  readonly store: Store;
  readonly operations: Operations;
  readonly authorization: Authorization;
  readonly principals: Principals;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tenantId: string;
  /** Where things lie on the disk. */
  readonly directory: string;
  /** PEM of the authority that signed the emulator's certificates. */
  readonly authority: string;
  /** The https port that all host names share. */
  readonly port: number;
  /** A server certificate for a host name or address, by the emulator's authority: for those who listen on a port of their own. */
  certificate(host: string): Promise<{ readonly certificate: string; readonly key: string }>;
  /** `public`: Azure's own host names lead here, on port 443. `local`: one registered cloud on `https://localhost:PORT`. */
  readonly names: 'public' | 'local';
}
