import { covers } from './stored.ts';
import type { Dated, Stored } from './stored.ts';

/** How long certificates live; milliseconds. */
export interface Lifetimes {
  readonly authorityMs: number;
  readonly leafMs: number;
  /** A new authority signs nothing before so long, in which every API server hears of it. */
  readonly settleMs: number;
}

const day = 86_400_000;

/** Our choice: longer than most pods run, so that a renewal is rare, and short enough to be seen working. */
export const defaultLifetimes: Lifetimes = { authorityMs: 3650 * day, leafMs: 365 * day, settleMs: 600_000 };

/** Certificates begin so long before they are made: the clocks of others may be late. */
export const backdateMs = 3_600_000;

export interface Decision {
  /** Make another authority beside those that are kept. */
  readonly authority: boolean;
  /** Make another server certificate, signed by the newest authority. */
  readonly leaf: boolean;
  /** The authorities that stay trusted. */
  readonly kept: readonly Dated[];
  /** When to look again where nothing is made now; milliseconds since the epoch. */
  readonly lookAgainAt: number;
}

/**
 * What is to be made, at a moment. An authority is succeeded after two thirds of its life and stays trusted until its end, so both are trusted for
 * a third of it; the server certificate is renewed after two thirds of its own life, by an authority that has settled, or at once when
 * it is of no use as it is (absent, expired, not begun, for other names).
 */
export function decide(stored: Stored, names: readonly string[], now: number, lifetimes: Lifetimes): Decision {
  const kept = stored.authorities.filter((authority) => isValid(authority, now));
  const signer =
    stored.signer !== undefined && kept.some(({ pem }) => pem === stored.signer!.pem) ? stored.signer : undefined;
  const authority = signer === undefined || now >= renewalOf(signer);
  const { leaf } = stored;
  const usable = isUsable(leaf, names, now);
  const settled = signer === undefined ? Infinity : signer.notBefore + backdateMs + lifetimes.settleMs;
  const leafDue = leaf === undefined ? now : Math.max(renewalOf(leaf), settled);
  const makesLeaf = !usable || (!authority && now >= leafDue);
  return {
    authority,
    leaf: makesLeaf,
    kept,
    lookAgainAt: Math.min(signer === undefined ? now : renewalOf(signer), leafDue),
  };
}

/** Whether a server certificate can be shown to clients. */
export function isUsable<T extends Dated>(leaf: T | undefined, names: readonly string[], now: number): leaf is T {
  return leaf !== undefined && isValid(leaf, now) && covers(leaf, names);
}

export function isValid({ notBefore, notAfter }: Dated, now: number): boolean {
  return notBefore <= now && now < notAfter;
}

function renewalOf({ notBefore, notAfter }: Dated): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}
