import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalidRequest } from './registry-error.ts';

/** Most entries of one answer, as ACR has it. */
const most = 1000;

/** The part of a list that the query asks for (`n`, `last`), and the address of the next part. @throws RegistryError */
export function pageOf<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  url: URL,
): { readonly items: readonly T[]; readonly next?: string } {
  const asked = url.searchParams.get('n');
  if (asked !== null && !/^[1-9]\d{0,5}$/.test(asked)) throw invalidRequest(`n '${asked}' is not a number of entries`);
  const size = Math.min(Number(asked ?? most), most);
  const last = url.searchParams.get('last');
  const begin = last === null ? 0 : all.findIndex((item) => nameOf(item) === last) + 1;
  const items = all.slice(begin, begin + size);
  const end = items.at(-1);
  if (end === undefined || begin + size >= all.length) return { items };
  const query = new URLSearchParams(url.searchParams);
  query.set('last', nameOf(end));
  query.set('n', String(size));
  return { items, next: `${url.pathname}?${query}` };
}

/** Answers JSON. */
export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** The header that leads to the next part of a list. */
export function linkTo(next: string | undefined): Record<string, string> {
  return next === undefined ? {} : { link: `<${next}>; rel="next"` };
}
