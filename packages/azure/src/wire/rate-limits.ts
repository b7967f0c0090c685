import type { IncomingHttpHeaders } from 'node:http';

const prefix = 'x-ms-ratelimit-remaining-';

/**
 * How many more calls Resource Manager will take, by the limit's name as it stands in the headers: `subscription-reads`,
 * `subscription-writes`, … and, of `x-ms-ratelimit-remaining-resource`, names such as `Microsoft.Compute/HighCostGet3Min`.
 */
export function remainingCalls(headers: IncomingHttpHeaders): Readonly<Record<string, number>> {
  const remaining: Record<string, number> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(prefix) || value === undefined) continue;
    const limit = name.slice(prefix.length);
    for (const text of [value].flat().flatMap((line) => line.split(','))) {
      const match = /^\s*(?:(?<part>[^;]+);)?(?<count>\d+)\s*$/.exec(text);
      if (match?.groups !== undefined) remaining[match.groups['part'] ?? limit] = Number(match.groups['count']);
    }
  }
  return remaining;
}
