import type { IncomingHttpHeaders } from 'node:http';

/** `299 - "text"`, several of them joined by commas. */
const pattern = /299 \S+ "((?:[^"\\]|\\.)*)"/g;

/** What the API server warns of (deprecated versions, admission webhooks), as text for a person. */
export function warningsOf(headers: IncomingHttpHeaders): string[] {
  const header = headers['warning'];
  if (header === undefined) return [];
  const text = Array.isArray(header) ? header.join(', ') : header;
  return Array.from(text.matchAll(pattern), (match) => (match[1] ?? '').replaceAll(/\\(.)/g, '$1'));
}
