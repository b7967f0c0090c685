/**
 * Where what is wanted is not what is there: the path of the first difference (`spec.template.spec.containers[0].image`), undefined where every
 * wanted field is there with an equal value. Fields that only `live` has (defaults, other managers') do not count. Lists must have equal length
 * and equal members by position. `undefined`, `null` and an empty list want the field absent or empty, as the API server leaves those out.
 */
export function firstDifference(desired: unknown, live: unknown, path = ''): string | undefined {
  if (desired === live) return undefined;
  if (desired === undefined) return undefined;
  if (desired === null) return live === undefined ? undefined : path;
  if (Array.isArray(desired)) {
    if (live === undefined || live === null) return desired.length === 0 ? undefined : path;
    if (!Array.isArray(live) || live.length !== desired.length) return path;
    for (let at = 0; at < desired.length; at += 1) {
      const difference = firstDifference(desired[at], live[at], `${path}[${at}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof desired !== 'object' || typeof live !== 'object' || live === null || Array.isArray(live)) return path;
  for (const [field, wanted] of Object.entries(desired)) {
    const difference = firstDifference(
      wanted,
      (live as Record<string, unknown>)[field],
      path === '' ? field : `${path}.${field}`,
    );
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Whether `live` has everything that is wanted; see `firstDifference`. */
export function subset(desired: unknown, live: unknown): boolean {
  return firstDifference(desired, live) === undefined;
}
