/** What the server says of itself: one JSON object a line. */
export type ServerEvent =
  | { readonly event: 'listening'; readonly url: string }
  | { readonly event: 'readiness'; readonly state: 'loading' | 'ready' | 'draining' }
  | { readonly event: 'fault'; readonly code: string; readonly message: string; readonly remedy?: string };

/** The event in a line of the server's output; undefined for any other line. */
export function parseServerEvent(line: string): ServerEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('event' in value)) return undefined;
  const fields = value as Record<string, unknown>;
  const { event, url, state, code, message, remedy } = fields;
  if (event === 'listening' && typeof url === 'string') return { event, url };
  if (event === 'readiness' && (state === 'loading' || state === 'ready' || state === 'draining'))
    return { event, state };
  if (event === 'fault' && typeof code === 'string' && typeof message === 'string') {
    return { event, code, message, ...(typeof remedy === 'string' && { remedy }) };
  }
  return undefined;
}
