type Schema = Record<string, unknown>;

/**
 * The smallest JSON value that satisfies a schema, for the echo engine's constrained answers. Knows const, enum, anyOf/oneOf/allOf (merged),
 * local `$ref`, objects with required properties, arrays with minItems, strings with minLength, numbers with bounds. Deterministic.
 */
export function sampleOf(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (schema === null || typeof schema !== 'object' || depth > 32) return null;
  let one = schema as Schema;
  if (typeof one['$ref'] === 'string') return sampleOf(resolve(one['$ref'], root), root, depth + 1);
  if (Array.isArray(one['allOf'])) one = Object.assign({}, one, ...(one['allOf'] as Schema[]));
  if ('const' in one) return one['const'];
  if (Array.isArray(one['enum']) && one['enum'].length > 0) return one['enum'][0];
  for (const key of ['anyOf', 'oneOf']) {
    const choices = one[key];
    if (Array.isArray(choices) && choices.length > 0) return sampleOf(choices[0], root, depth + 1);
  }
  const type = Array.isArray(one['type']) ? one['type'][0] : one['type'];
  switch (type) {
    case 'string':
      return 'x'.repeat(count(one['minLength']));
    case 'integer':
    case 'number':
      return typeof one['minimum'] === 'number' ? Math.ceil(one['minimum']) : 0;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: count(one['minItems']) }, () => sampleOf(one['items'], root, depth + 1));
    default: {
      const properties = (one['properties'] ?? {}) as Record<string, unknown>;
      const required = Array.isArray(one['required']) ? (one['required'] as string[]) : [];
      return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name], root, depth + 1)]));
    }
  }
}

function count(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), 1000) : 0;
}

function resolve(pointer: string, root: unknown): unknown {
  if (!pointer.startsWith('#/')) return null;
  let value: unknown = root;
  for (const step of pointer.slice(2).split('/')) {
    if (value === null || typeof value !== 'object') return null;
    value = (value as Schema)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value;
}
