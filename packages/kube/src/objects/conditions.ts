/** `metav1.Condition`. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  /** RFC 3339 in whole seconds. */
  readonly lastTransitionTime: string;
}

export function conditionOf<C extends { readonly type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The conditions with one set among them, in place or at the end. `lastTransitionTime` becomes `now` only where the status changes. The very
 * same list comes back where nothing changes, so that nothing need be written.
 */
export function withCondition(
  conditions: readonly Condition[],
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): readonly Condition[] {
  const before = conditionOf(conditions, condition.type);
  const unchanged =
    before !== undefined &&
    before.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message &&
    before.observedGeneration === condition.observedGeneration;
  if (unchanged) return conditions;
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : rfc3339(now);
  const next = { ...condition, lastTransitionTime };
  return before === undefined ? [...conditions, next] : conditions.map((other) => (other === before ? next : other));
}

/** `metav1.Time`: RFC 3339 in whole seconds. */
export function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
