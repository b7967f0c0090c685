import type { ArmError } from '../errors/arm-error.ts';
import type { JsonObject } from '../store/store.ts';

/** A long-running operation. Stored, so that it goes on after a restart. */
export interface StoredOperation {
  /** A GUID. */
  readonly id: string;
  /** Says which worker carries it out, e.g. `aks/put-agent-pool`. */
  readonly kind: string;
  readonly subscriptionId: string;
  readonly location: string;
  /** The namespace whose path it is asked after on, e.g. `Microsoft.ContainerService`. */
  readonly provider: string;
  readonly resourceId: string;
  /** What its worker needs to know. */
  readonly input: JsonObject;
  readonly status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';
  /** RFC 3339. */
  readonly startTime: string;
  readonly endTime?: string;
  readonly error?: { readonly code: string; readonly message: string };
  /** `azure-async-operation`: answered with a body that has `status`; `location`: with 202 until it is done, then 200 or 204; `both`: either header may be followed. */
  readonly followedBy: 'azure-async-operation' | 'location' | 'both';
}

export interface Operations {
  /**
   * Says who carries out operations of a kind. An operation that was under way when the emulator ended is carried out anew: workers must bear it.
   * A worker that throws ArmError fails the operation with its code and message. `failed` is told of each failure, also of those made on demand;
   * without it the resource's provisioningState becomes Failed where it was on its way.
   */
  worker(
    kind: string,
    work: (operation: StoredOperation, signal: AbortSignal) => Promise<void>,
    failed?: (operation: StoredOperation, error: ArmError) => void,
  ): void;
  /** Stores the operation and begins it; it takes the time that is set (and faults may lengthen, fail or never end it). */
  begin(
    operation: Pick<
      StoredOperation,
      'kind' | 'subscriptionId' | 'location' | 'provider' | 'resourceId' | 'input' | 'followedBy'
    >,
  ): StoredOperation;
  /** Those that are under way at a resource or below it. */
  underWay(resourceId: string): readonly StoredOperation[];
}
