import type { AzureError } from '../errors/azure-error.ts';

/** A long-running operation of Resource Manager: plain data, so that it can be stored and gone on with after a restart. */
export interface Operation {
  /** Where it is asked after. */
  readonly url: string;
  /** How its answers are read: a body with `status`, or the HTTP status alone. */
  readonly kind: 'azure-async-operation' | 'location';
  /** How long Azure asked to wait before the first look, ms. */
  readonly retryAfterMs?: number;
}

export type OperationState =
  | { readonly state: 'running'; readonly retryAfterMs: number }
  | { readonly state: 'succeeded' }
  | { readonly state: 'failed'; readonly error: AzureError }
  /** Azure does not know the operation (any more), or it is none of this Resource Manager. */
  | { readonly state: 'unknown' };
