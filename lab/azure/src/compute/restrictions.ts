import type { Store, Table } from '../store/store.ts';
import { regionName } from './regions.ts';

/** A size that a subscription cannot have in a region, or in some of its zones. */
export interface Restriction {
  readonly size: string;
  readonly location: string;
  /** Absent: in the whole region. */
  readonly zones?: readonly string[];
  readonly reason: 'NotAvailableForSubscription' | 'QuotaId';
}

const table = (store: Store): Table<Restriction> => store.table<Restriction>('compute/restrictions');

const key = (size: string, location: string): string => `${regionName(location)}/${size.toLowerCase()}`;

export function restrict(store: Store, restriction: Restriction): void {
  table(store).put(key(restriction.size, restriction.location), restriction);
}

export function lift(store: Store, size: string, location: string): void {
  table(store).delete(key(size, location));
}

export function restrictionOf(store: Store, size: string, location: string): Restriction | undefined {
  return table(store).get(key(size, location));
}
