import type { Client } from '../../client/client.ts';
import { isAlreadyExists, isConflict, isForbidden } from '../../client/errors.ts';
import type { Clock } from '../../clock.ts';
import { Backoff } from '../../informer/backoff.ts';
import { createInformer } from '../../informer/create-informer.ts';
import type { Logger } from '../../logger.ts';
import type { Runnable } from '../../manager/runnable.ts';
import { secrets } from '../../resources.ts';
import { backdateMs, decide, defaultLifetimes, isUsable } from './decide.ts';
import type { Decision, Lifetimes } from './decide.ts';
import { issueAuthority, issueLeaf } from './issue.ts';
import type { KeyPair, ServingCertificate } from './serving-certificate.ts';
import { bundleOf, datedPair, nothingStored, readStored, writeStored } from './stored.ts';
import type { Stored } from './stored.ts';
import { Wake } from './wake.ts';

type Secret = NonNullable<(typeof secrets)['object']>;

export interface CertificateKeeperOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The Secret that all replicas share; made where it does not exist, mended where it is empty or damaged. */
  readonly namespace: string;
  readonly secretName: string;
  /** Names and addresses the server is called by; see `serviceNames`. */
  readonly names: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly lifetimes?: Lifetimes;
  /** Uniform in [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

export interface CertificateKeeper extends Runnable, ServingCertificate {
  /** PEM of all authorities that clients are to trust; undefined until there are any. */
  readonly authorities: string | undefined;
  /** Called when `authorities` changes. Returns the way to stop. */
  onAuthoritiesChange(handler: () => void): () => void;
}

/** The names by which the API server calls a Service. */
export function serviceNames(service: string, namespace: string): string[] {
  return [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`];
}

/** The wall clock may be set, and a sleeping machine counts no monotonic time: the certificates are looked at so often. It costs no request. */
const lookAtLeastEveryMs = 3_600_000;

/**
 * Keeps a server certificate and the authority behind it in one Secret. Every replica runs one: whoever first finds something to make makes it, the
 * others read what it wrote. Needs get, list, watch and update on that Secret by name, and create only where nobody else made it.
 * To replace an authority by hand, empty the Secret while no replica runs: one that runs puts back what it knows.
 */
export function createCertificateKeeper(options: CertificateKeeperOptions): CertificateKeeper {
  const { client, clock, logger, namespace, secretName } = options;
  const lifetimes = options.lifetimes ?? defaultLifetimes;
  const names = [...options.names, ...(options.ipAddresses ?? [])];
  const backoff = new Backoff(options.random ?? Math.random);
  const first = Promise.withResolvers<KeyPair>();
  const pairHandlers = new Set<(pair: KeyPair) => void>();
  const authorityHandlers = new Set<() => void>();
  const informer = createInformer({
    client,
    resource: secrets,
    clock,
    logger,
    namespace,
    fieldSelector: `metadata.name=${secretName}`,
    ...(options.random === undefined ? {} : { random: options.random }),
  });
  let known: Stored = nothingStored;
  let current: KeyPair | undefined;
  let authorities: string | undefined;
  let problem: string | undefined = `the Secret ${namespace}/${secretName} has not been read yet`;

  /** Looks at the Secret once, and makes what is missing. @returns milliseconds until the next look. */
  async function look(): Promise<number> {
    const secret = informer.get({ namespace, name: secretName });
    const now = clock.now().getTime();
    const read = readStored(secret?.data);
    const damaged = read.signer === undefined || !isUsable(read.leaf, names, now);
    const stored = damaged ? completed(read, known, now) : read;
    adopt(stored, now);
    const decision = decide(stored, names, now, lifetimes);
    if (!damaged && !decision.authority && !decision.leaf) {
      problem = undefined;
      return decision.lookAgainAt - now;
    }
    const next = await made(stored, decision, now);
    try {
      await write(secret, next);
    } catch (error) {
      if (isAlreadyExists(error) || isConflict(error)) {
        informer.remember(await client.get(secrets, { namespace, name: secretName }));
        return 0;
      }
      throw error;
    }
    return 0;
  }

  function completed(read: Stored, memory: Stored, now: number): Stored {
    const pems = new Set(read.authorities.map(({ pem }) => pem));
    return {
      authorities: [...read.authorities, ...memory.authorities.filter(({ pem }) => !pems.has(pem))].toSorted(
        (a, b) => b.notBefore - a.notBefore,
      ),
      signer: read.signer ?? memory.signer,
      leaf: isUsable(read.leaf, names, now) ? read.leaf : memory.leaf,
    };
  }

  async function made(stored: Stored, decision: Decision, now: number) {
    const notBefore = new Date(now - backdateMs);
    const signer = decision.authority
      ? datedPair(await issueAuthority(`${secretName}-ca`, notBefore, new Date(now + lifetimes.authorityMs)))
      : stored.signer!;
    const leaf = decision.leaf
      ? datedPair(
          await issueLeaf(
            { certificate: signer.pem, key: signer.key },
            {
              dnsNames: options.names,
              ipAddresses: options.ipAddresses ?? [],
              notBefore,
              notAfter: new Date(Math.min(now + lifetimes.leafMs, signer.notAfter)),
            },
          ),
        )
      : stored.leaf!;
    logger.log('info', 'made webhook certificates', { authority: decision.authority, server: decision.leaf });
    return { authorities: decision.authority ? [signer, ...decision.kept] : decision.kept, signer, leaf };
  }

  async function write(secret: Secret | undefined, next: Parameters<typeof writeStored>[0]): Promise<void> {
    const data = writeStored(next);
    informer.remember(
      secret === undefined
        ? await client.create(secrets, {
            apiVersion: 'v1',
            kind: 'Secret',
            type: 'Opaque',
            metadata: { namespace, name: secretName },
            data,
          })
        : await client.replace(secrets, { ...secret, data: { ...secret.data, ...data } }),
    );
  }

  /** Serves what there is: also what should be renewed, as long as it holds. */
  function adopt(stored: Stored, now: number): void {
    known = stored;
    const bundle = bundleOf(stored.authorities);
    if (bundle !== '' && bundle !== authorities) {
      authorities = bundle;
      for (const handler of authorityHandlers) handler();
    }
    if (!isUsable(stored.leaf, names, now)) return;
    const { pem: certificate, key } = stored.leaf;
    if (current?.certificate === certificate) return;
    const isFirst = current === undefined;
    current = { certificate, key };
    if (isFirst) first.resolve(current);
    else for (const handler of pairHandlers) handler(current);
  }

  function failed(error: unknown): number {
    const wait = backoff.next();
    const message = error instanceof Error ? error.message : String(error);
    problem = `the webhook's certificate cannot be kept in the Secret ${namespace}/${secretName}: ${message}`;
    logger.log('warn', problem, {
      waitMs: Math.round(wait),
      ...(isForbidden(error)
        ? {
            remedy: `allow get, list, watch and update on the Secret ${secretName}, and create where it does not exist`,
          }
        : {}),
      error,
    });
    return wait;
  }

  return {
    name: 'webhook-certificate',
    group: 'webhooks',
    get current() {
      return current;
    },
    get authorities() {
      return authorities;
    },
    whenReady: () => first.promise,
    onChange(handler) {
      pairHandlers.add(handler);
      return () => pairHandlers.delete(handler);
    },
    onAuthoritiesChange(handler) {
      authorityHandlers.add(handler);
      return () => authorityHandlers.delete(handler);
    },
    problem: () => problem,
    notReady: () => (current === undefined ? problem : undefined),
    async run(signal) {
      const wake = new Wake(clock, signal);
      const unsubscribe = informer.onChange(() => wake.now());
      const watching = informer.run(signal);
      try {
        await informer.whenSynced(signal).catch(() => undefined);
        while (!signal.aborted) {
          let wait: number;
          try {
            wait = await look();
          } catch (error) {
            if (signal.aborted) return;
            wait = failed(error);
          }
          if (wait > 0) await wake.within(Math.min(wait, lookAtLeastEveryMs));
        }
      } finally {
        unsubscribe();
        await watching;
      }
    },
  };
}
