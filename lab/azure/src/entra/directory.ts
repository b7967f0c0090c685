import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@kaito/kube';
import type { Store } from '../store/store.ts';
import type { Principal, Principals } from './principals.ts';
import type { AccessTokens } from './access-tokens.ts';

/** A secret of an application: its digest, and until when it works. */
interface StoredSecret {
  readonly appId: string;
  readonly digest: string;
  /** RFC 3339. */
  readonly endDateTime: string;
}

/** The directory with what only Entra itself may do. */
export interface Directory extends Principals {
  list(): readonly Principal[];
  /** A new secret of an application. */
  addSecret(appId: string, validForMs?: number): string;
  /** Whether a secret is one of the application's and works now. */
  checkSecret(appId: string, secret: string): 'good' | 'wrong' | 'expired';
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Entra's secrets live two years at most by default. */
const twoYearsMs = 2 * 365 * 86_400_000;

/** Keeps service principals and secrets in the store. */
export function createDirectory(store: Store, tokens: AccessTokens, clock: Clock): Directory {
  const principals = store.table<Principal>('entra/principals');
  const secrets = store.table<StoredSecret>('entra/secrets');

  const find = (id: string): Principal | undefined => {
    const key = id.toLowerCase();
    return principals.get(key) ?? principals.entries().find(([, { appId }]) => appId === key)?.[1];
  };
  return {
    create(given) {
      const principal: Principal = { id: randomUUID(), appId: randomUUID(), ...given };
      principals.put(principal.id, principal);
      return principal;
    },
    find,
    list: () => principals.entries().map(([, principal]) => principal),
    delete(id) {
      const principal = find(id);
      if (principal === undefined) return;
      principals.delete(principal.id);
      for (const [key, { appId }] of secrets.entries()) if (appId === principal.appId) secrets.delete(key);
    },
    authenticate(token, audience) {
      const verdict = tokens.verify(token, audience);
      return 'objectId' in verdict ? find(verdict.objectId) : undefined;
    },
    issue: (principal, audience) => tokens.issue(principal, audience),
    addSecret(appId, validForMs = twoYearsMs) {
      const secret = `${randomBytes(3).toString('hex').slice(0, 3)}8Q~${randomBytes(26).toString('base64url')}`;
      secrets.put(randomUUID(), {
        appId,
        digest: digestOf(secret),
        endDateTime: new Date(clock.now().getTime() + validForMs).toISOString(),
      });
      return secret;
    },
    checkSecret(appId, secret) {
      const digest = Buffer.from(digestOf(secret));
      const match = secrets
        .entries()
        .find(([, each]) => each.appId === appId && timingSafeEqual(Buffer.from(each.digest), digest))?.[1];
      if (match === undefined) return 'wrong';
      return Date.parse(match.endDateTime) > clock.now().getTime() ? 'good' : 'expired';
    },
  };
}
