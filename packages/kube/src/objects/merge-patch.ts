/**
 * The least JSON merge patch (RFC 7396) that makes `after` of `before`; undefined where there is nothing to change. Lists are replaced as a
 * whole. Members that are `undefined` or `null` count as absent.
 */
export function mergePatch(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return equal(before, after) ? undefined : after;
  const patch: Record<string, unknown> = {};
  let changes = false;
  for (const [field, value] of Object.entries(after)) {
    if (value === undefined || value === null) continue;
    const was = before[field];
    const change = was === undefined || was === null ? asNew(value) : mergePatch(was, value);
    if (change === undefined) continue;
    patch[field] = change;
    changes = true;
  }
  for (const [field, value] of Object.entries(before)) {
    if (value === undefined || (after[field] !== undefined && after[field] !== null)) continue;
    patch[field] = null;
    changes = true;
  }
  return changes ? patch : undefined;
}

/** A merge patch cannot carry null inside what it adds: null removes. */
function asNew(value: unknown): unknown {
  return isRecord(value) ? (mergePatch({}, value) ?? {}) : value;
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((member, at) => equal(member, b[at]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const fields = present(a);
  return fields.length === present(b).length && fields.every((field) => equal(a[field], b[field]));
}

function present(record: Record<string, unknown>): readonly string[] {
  return Object.keys(record).filter((field) => record[field] !== undefined);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
