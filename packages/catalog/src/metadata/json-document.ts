export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The object that a JSON text holds, or undefined. `NaN`, `Infinity` and `-Infinity`, which Python's json module writes, are read as null.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  for (const candidate of [text, text.replaceAll(/([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g, '$1null')]) {
    try {
      const value: unknown = JSON.parse(candidate);
      return isObject(value) ? value : undefined;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The first of the fields that is a positive whole number. */
export function positiveInteger(object: JsonObject, ...fields: readonly string[]): number | undefined {
  for (const field of fields) {
    const value = object[field];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  }
  return undefined;
}
