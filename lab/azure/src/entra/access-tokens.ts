import { randomBytes } from 'node:crypto';
import type { Clock } from '@kaito/kube';
import type { JsonObject, Table } from '../store/store.ts';
import type { Audiences, AudienceName } from './audiences.ts';
import { readJwt, signJwt, verifyJwt } from './jwt.ts';
import type { Principal } from './principals.ts';
import type { SigningKey } from './signing-keys.ts';

/** Why a token is refused, or whose it is. */
export type TokenVerdict =
  | { readonly objectId: string }
  | { readonly problem: 'malformed' | 'forged' | 'expired' }
  | { readonly problem: 'audience'; readonly audience: string };

export interface AccessTokens {
  issue(
    principal: Principal,
    audience: string,
    how?: { readonly by?: 'secret' | 'assertion' | 'managed-identity' },
  ): { readonly token: string; readonly expiresInSeconds: number };
  verify(token: string, audience: AudienceName): TokenVerdict;
  /** From now on every token that was issued counts as expired; for one principal, or for all. */
  expireAll(objectId?: string): void;
}

export interface AccessTokenOptions {
  readonly key: SigningKey;
  readonly tenantId: string;
  readonly audiences: Audiences;
  readonly clock: Clock;
  readonly lifetimeSeconds: number;
  /** Keeps which generation of tokens is good. */
  readonly generations: Table<number>;
}

/** How the application proved who it is, as Entra says it in the claim `appidacr`. */
const proofs = { secret: '1', assertion: '2', 'managed-identity': '2' } as const;

/** Issues access tokens of version 1.0, as Resource Manager gets them, and judges them. */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { key, tenantId, audiences, clock, lifetimeSeconds, generations } = options;
  const issuer = `https://sts.windows.net/${tenantId}/`;
  const generationOf = (objectId: string): number => (generations.get('all') ?? 0) + (generations.get(objectId) ?? 0);
  return {
    issue(principal, audience, { by = 'secret' } = {}) {
      const now = Math.floor(clock.now().getTime() / 1000);
      const claims: JsonObject = {
        aud: audience,
        iss: issuer,
        iat: now,
        nbf: now,
        exp: now + lifetimeSeconds,
        aio: randomBytes(24).toString('base64url'),
        appid: principal.appId,
        appidacr: proofs[by],
        idp: issuer,
        idtyp: 'app',
        oid: principal.id,
        rh: `1.${randomBytes(20).toString('base64url')}`,
        sub: principal.id,
        tid: tenantId,
        uti: `${generationOf(principal.id)}.${randomBytes(16).toString('base64url')}`,
        ver: '1.0',
        xms_tcdt: 1_600_000_000,
        ...(principal.alternativeId !== undefined && { xms_mirid: principal.alternativeId }),
      };
      return { token: signJwt(key.privateKey, key.kid, claims), expiresInSeconds: lifetimeSeconds };
    },
    verify(token, audience) {
      const jwt = readJwt(token);
      if (jwt === undefined) return { problem: 'malformed' };
      const { claims } = jwt;
      if (!verifyJwt(jwt, [key.jwk]) || claims['iss'] !== issuer) return { problem: 'forged' };
      const now = clock.now().getTime() / 1000;
      const objectId = String(claims['oid']);
      const generation = Number(String(claims['uti']).split('.')[0]);
      if (!(Number(claims['exp']) > now) || generation < generationOf(objectId)) return { problem: 'expired' };
      const given = String(claims['aud']);
      return audiences.accepts(audience, given) ? { objectId } : { problem: 'audience', audience: given };
    },
    expireAll(objectId = 'all') {
      generations.put(objectId, (generations.get(objectId) ?? 0) + 1);
    },
  };
}
