import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { Client } from '../client/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../client/errors.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { apiVersionOf } from '../object.ts';
import { sleep } from '../sleep.ts';
import { leases, microTime } from './lease.ts';
import type { Lease, LeaseSpec } from './lease.ts';
import { Term } from './term.ts';

export interface ElectionOptions {
  readonly client: Client;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Of this process, unique; default: host name and a random UUID. */
  readonly identity?: string;
  /** How long others wait after the last renewal they saw; default 15,000. */
  readonly leaseDurationMs?: number;
  /** How long the leader goes on without a successful renewal; default 10,000, less than `leaseDurationMs`. */
  readonly renewDeadlineMs?: number;
  /** Between tries; default 2,000, less than `renewDeadlineMs`. */
  readonly retryPeriodMs?: number;
  /** Gives the Lease back on a stop, so that the next leader need not wait; default true. */
  readonly releaseOnStop?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1); default `Math.random`. */
  readonly random?: () => number;
  /** `leader_election_master_status`. */
  readonly onLeading?: (leading: boolean) => void;
}

export interface Election {
  readonly name: string;
  readonly identity: string;
  /** Who holds the Lease as last seen; undefined: nobody, or not looked yet. */
  readonly holder: string | undefined;
  /** This process's term while it leads; see `Term.valid`. */
  readonly term: Term | undefined;
  /** Whether leader's work may go on at this moment: false from the renew deadline on, also where no timer could fire (a stopped process). */
  isLeader(): boolean;
  /**
   * Stands for election until the signal aborts or a term is over. `lead` is called when the Lease is won, with a signal that aborts when the
   * term ends; the Lease is given back after it has resolved. @returns `lost` when leadership was lost, `stopped` otherwise; rejects as `lead` does.
   */
  run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<'stopped' | 'lost'>;
}

/**
 * Leader election on a Lease, with client-go's timings. Times that others wrote are never compared with a local clock: a Lease counts as
 * abandoned when this process itself has seen it unchanged for its whole duration.
 * @throws RangeError for durations in the wrong order.
 */
export function createElection(options: ElectionOptions): Election {
  const { client, namespace, name, clock } = options;
  const identity = options.identity ?? `${hostname()}_${randomUUID()}`;
  const leaseDurationMs = options.leaseDurationMs ?? 15_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
  const retryPeriodMs = options.retryPeriodMs ?? 2_000;
  if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs && retryPeriodMs > 0)) {
    throw new RangeError('an election needs leaseDuration > renewDeadline > retryPeriod > 0');
  }
  const random = options.random ?? Math.random;
  const logger = options.logger.with({ lease: `${namespace}/${name}`, identity });
  const ref = { namespace, name };

  let seen: { readonly lease: Lease; readonly at: number } | undefined;
  let term: Term | undefined;

  function observe(lease: Lease): void {
    if (seen === undefined || seen.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      const before = seen?.lease.spec?.holderIdentity;
      seen = { lease, at: clock.monotonic() };
      const holder = lease.spec?.holderIdentity;
      if (holder !== before && holder !== identity)
        logger.log('info', 'the leader is another', { leader: holder === '' ? undefined : holder });
    }
  }

  /** Whether another holds the Lease as far as can be known here. */
  function heldByOther(): boolean {
    const spec = seen?.lease.spec;
    if (
      seen === undefined ||
      spec?.holderIdentity === undefined ||
      spec.holderIdentity === '' ||
      spec.holderIdentity === identity
    )
      return false;
    return clock.monotonic() - seen.at < (spec.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
  }

  function spec(previous: LeaseSpec | undefined): LeaseSpec {
    const now = microTime(clock.now());
    const ours = previous?.holderIdentity === identity;
    const transitions = previous?.leaseTransitions ?? 0;
    return {
      ...previous,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: (ours ? previous.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: previous === undefined || ours ? transitions : transitions + 1,
    };
  }

  /** One try to get or keep the Lease. @returns whether it is ours. */
  async function claim(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const limits = { timeoutMs, signal };
    if (seen?.lease.spec?.holderIdentity !== identity) {
      try {
        observe(await client.get(leases, ref, limits));
      } catch (error) {
        if (!isNotFound(error)) throw error;
        const fresh: Lease = {
          apiVersion: apiVersionOf(leases),
          kind: leases.kind,
          metadata: ref,
          spec: spec(undefined),
        };
        observe(await client.create(leases, fresh, limits));
        return true;
      }
      if (heldByOther()) return false;
    }
    const { lease } = seen!;
    try {
      observe(await client.replace(leases, { ...lease, spec: spec(lease.spec) }, limits));
      return true;
    } catch (error) {
      // Somebody else has written it: what is known of it is of no use any more.
      if (isConflict(error) || isNotFound(error)) seen = undefined;
      throw error;
    }
  }

  async function tryClaim(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    try {
      return await claim(timeoutMs, signal);
    } catch (error) {
      if (signal.aborted) return false;
      const raced = isConflict(error) || isAlreadyExists(error);
      logger.log(raced ? 'debug' : 'warn', term === undefined ? 'cannot take the lease' : 'cannot renew the lease', {
        error,
      });
      return false;
    }
  }

  async function acquire(signal: AbortSignal): Promise<Term | undefined> {
    while (!signal.aborted) {
      const askedAt = Term.instant(clock);
      if (await tryClaim(renewDeadlineMs / 2, signal)) {
        const won = new Term(clock, askedAt, { renewDeadlineMs, leaseDurationMs });
        if (won.valid) return won;
        won.end('the process stood still while the lease was taken');
      }
      await sleep(clock, retryPeriodMs * (1 + 0.2 * random()), signal);
    }
    return undefined;
  }

  /** Renews until the term is over or the signal aborts. */
  async function keep(current: Term, signal: AbortSignal): Promise<void> {
    const ends = AbortSignal.any([signal, current.signal]);
    for (;;) {
      await sleep(clock, retryPeriodMs, ends);
      if (signal.aborted || !current.valid) return;
      const askedAt = Term.instant(clock);
      const kept = await tryClaim(Math.min(current.remainingMs, renewDeadlineMs / 2), ends);
      if (signal.aborted || !current.valid) return;
      if (kept) current.renewed(askedAt);
      else if (seen !== undefined && seen.lease.spec?.holderIdentity !== identity) {
        current.end(`the lease is held by ${seen.lease.spec?.holderIdentity ?? 'nobody'}`, { lost: true });
      }
    }
  }

  async function release(current: Term): Promise<void> {
    if (options.releaseOnStop === false || !current.valid || seen?.lease.spec?.holderIdentity !== identity) return;
    const { lease } = seen;
    const now = microTime(clock.now());
    const released = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      observe(
        await client.replace(leases, { ...lease, spec: released }, { timeoutMs: Math.min(current.remainingMs, 2_000) }),
      );
    } catch (error) {
      logger.log('warn', 'cannot give the lease back; the next leader waits until it runs out', { error });
    }
  }

  return {
    name,
    identity,
    get holder() {
      const holder = seen?.lease.spec?.holderIdentity;
      return holder === '' ? undefined : holder;
    },
    get term() {
      return term;
    },
    isLeader: () => term?.valid === true,
    async run(signal, lead) {
      options.onLeading?.(false);
      const won = await acquire(signal);
      if (won === undefined) return 'stopped';
      term = won;
      logger.log('info', 'this process leads');
      options.onLeading?.(true);
      const stop = new AbortController();
      const renewing = keep(won, stop.signal);
      // The Lease is kept while the work is put away after a stop, so that the next leader does not begin before this one has ended.
      const leading = new AbortController();
      const end = () => leading.abort(won.signal.reason ?? signal.reason);
      won.signal.addEventListener('abort', end, { once: true });
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted || !won.valid) end();
      try {
        await lead(leading.signal);
      } finally {
        won.signal.removeEventListener('abort', end);
        signal.removeEventListener('abort', end);
        stop.abort();
        await renewing;
        const lost = !won.valid;
        if (!lost) await release(won);
        won.end('the work has ended');
        term = undefined;
        options.onLeading?.(false);
        if (lost) logger.log('error', 'leadership was lost', { reason: won.reason });
      }
      return won.lost ? 'lost' : 'stopped';
    },
  };
}
