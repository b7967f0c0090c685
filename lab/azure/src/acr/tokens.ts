import { randomUUID } from 'node:crypto';
import type { Clock } from '@kaito/kube';
import { readJwt, signJwt, verifyJwt } from '../entra/jwt.ts';
import type { SigningKey } from '../entra/signing-keys.ts';
import type { JsonObject } from '../store/store.ts';
import type { Access } from './access.ts';

/** Lifetimes as ACR's authentication documentation gives them, in seconds. */
const refreshSeconds = 3 * 3600;
const accessSeconds = 75 * 60;

const issuer = 'Azure Container Registry';

/** An access as tokens hold it. */
interface Claim extends JsonObject {
  readonly Type: string;
  readonly Name: string;
  readonly Actions: readonly string[];
}

/** The tokens that registries issue and take. A token is good at the host that it was issued for, until it expires. */
export interface Tokens {
  refresh(host: string, principalId: string, tenantId: string): string;
  access(host: string, subject: string, access: readonly Access[]): string;
  /** Object id of the principal that a refresh token was issued to. */
  readRefresh(host: string, token: string): string | undefined;
  readAccess(host: string, token: string): readonly Access[] | undefined;
}

export function createTokens(key: SigningKey, clock: Clock): Tokens {
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);

  function issue(host: string, subject: string, lifetime: number, claims: JsonObject): string {
    const now = seconds();
    return signJwt(key.privateKey, key.kid, {
      jti: randomUUID(),
      sub: subject,
      nbf: now,
      exp: now + lifetime,
      iat: now,
      iss: issuer,
      aud: host,
      version: '1.0',
      ...claims,
    });
  }

  function read(host: string, token: string, grant: string): JsonObject | undefined {
    const jwt = readJwt(token);
    if (jwt === undefined || !verifyJwt(jwt, [key.jwk])) return undefined;
    const { claims } = jwt;
    const good = claims['iss'] === issuer && claims['aud'] === host && claims['grant_type'] === grant;
    return good && Number(claims['exp']) > seconds() ? claims : undefined;
  }

  return {
    refresh: (host, principalId, tenant) =>
      issue(host, principalId, refreshSeconds, { grant_type: 'refresh_token', tenant }),
    access: (host, subject, access) =>
      issue(host, subject, accessSeconds, {
        grant_type: 'access_token',
        access: access.map(({ type, name, actions }) => ({ Type: type, Name: name, Actions: actions })),
      }),
    readRefresh(host, token) {
      const subject = read(host, token, 'refresh_token')?.['sub'];
      return typeof subject === 'string' ? subject : undefined;
    },
    readAccess(host, token) {
      const claims = read(host, token, 'access_token');
      return (claims?.['access'] as readonly Claim[] | undefined)?.map(({ Type, Name, Actions }) => ({
        type: Type,
        name: Name,
        actions: Actions,
      }));
    },
  };
}
