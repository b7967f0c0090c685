import type { DeleteOptions, WriteOptions } from './client.ts';

/** The query of a write. */
export function writeQuery(options: WriteOptions) {
  return {
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
    dryRun: options.dryRun === true ? 'All' : undefined,
  };
}

/** The query that selects objects. */
export function selectors(options: { readonly labelSelector?: string; readonly fieldSelector?: string }) {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

/** The body of a deletion, where its options need one. */
export function deleteBody(options: DeleteOptions): { readonly body?: unknown } {
  const { propagationPolicy, gracePeriodSeconds, preconditions, dryRun } = options;
  if (
    propagationPolicy === undefined &&
    gracePeriodSeconds === undefined &&
    preconditions === undefined &&
    dryRun !== true
  )
    return {};
  return {
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy,
      gracePeriodSeconds,
      preconditions,
      ...(dryRun === true ? { dryRun: ['All'] } : {}),
    },
  };
}
