/** What went wrong at Azure, as this project tells it apart. */
export type AzureErrorCode =
  // of rights and identity
  | 'FederationMissing'
  | 'LoginRefused'
  | 'NoCredential'
  | 'Unauthorized'
  | 'RightMissing'
  | 'PolicyDenied'
  | 'ProviderNotRegistered'
  // of what was asked for
  | 'QuotaExceeded'
  | 'SkuNotAvailable'
  | 'ZoneNotAvailable'
  | 'CapacityMissing'
  | 'PoolLimitReached'
  | 'SubnetFull'
  | 'InvalidRequest'
  // of what is there
  | 'NotFound'
  | 'ClusterNotFound'
  | 'ClusterStopped'
  | 'OperationInProgress'
  | 'PreconditionFailed'
  | 'OperationFailed'
  // of the way there
  | 'Throttled'
  | 'ServerError'
  | 'NetworkUnreachable'
  | 'TimedOut';

export interface AzureErrorDetails {
  /** One sentence, with Azure's own words where they say more. */
  readonly message: string;
  /** What mends it, with the command where there is one. */
  readonly remedy: string;
  /**
   * `soon`: it passes by itself (busy, throttled, network). `later`: it comes right when capacity, quota or a right changes, which a look now and then
   * finds out. `never`: the same request fails for ever.
   */
  readonly retry: 'soon' | 'later' | 'never';
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  /** Azure's own code, e.g. `SkuNotAvailable`, `AADSTS70021`. */
  readonly azureCode?: string;
  /** How long Azure asked to wait, ms. */
  readonly retryAfterMs?: number;
  /** `x-ms-request-id` of the answer, by which Microsoft's support finds it. */
  readonly requestId?: string;
  /** `x-ms-correlation-request-id` of the answer. */
  readonly correlationId?: string;
  readonly cause?: unknown;
}

/** An error of Azure, or of the way to it, classified once. */
export class AzureError extends Error {
  override readonly name = 'AzureError';
  readonly code: AzureErrorCode;
  readonly remedy: string;
  readonly retry: 'soon' | 'later' | 'never';
  readonly status: number | undefined;
  readonly azureCode: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
  readonly correlationId: string | undefined;

  constructor(code: AzureErrorCode, details: AzureErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.remedy = details.remedy;
    this.retry = details.retry;
    this.status = details.status;
    this.azureCode = details.azureCode;
    this.retryAfterMs = details.retryAfterMs;
    this.requestId = details.requestId;
    this.correlationId = details.correlationId;
  }
}
