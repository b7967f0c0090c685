import { randomUUID } from 'node:crypto';
import type { ArmRequest } from '../wire/service.ts';
import type { Store } from '../store/store.ts';
import { preconditionFailed } from './errors.ts';

/** Entity tags of clusters and pools: another one with each write of a caller, and for a resource that was made anew. */

const table = (store: Store) => store.table<string>('aks/etags');

export const etagOf = (store: Store, id: string): string => table(store).get(id.toLowerCase()) ?? '';

export const renewEtag = (store: Store, id: string): void => table(store).put(id.toLowerCase(), randomUUID());

export const dropEtag = (store: Store, id: string): void => table(store).delete(id.toLowerCase());

/** @throws ArmError where the request's If-Match or If-None-Match does not hold */
export function checkPreconditions(store: Store, id: string, headers: ArmRequest['headers']): void {
  const tag = store.get(id) === undefined ? undefined : etagOf(store, id);
  const lists = (header: string): boolean => {
    const tags = header.split(',').map((each) => each.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'));
    return tag !== undefined && (tags.includes('*') || tags.includes(tag));
  };
  const { 'if-match': match, 'if-none-match': none } = headers;
  if (match !== undefined && !lists(match)) throw preconditionFailed();
  if (none !== undefined && lists(none)) throw preconditionFailed();
}
