import {
  authenticationFailedMissingToken,
  authenticationFailedScheme,
  expiredToken,
  invalidToken,
  unknownPrincipal,
  wrongAudience,
} from '../errors/authentication-errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { AudienceName, Audiences } from './audiences.ts';
import type { Principals } from './principals.ts';

/** Says who calls, by the header Authorization. @throws ArmError 401, each with its challenge */
export function createAuthenticator(options: {
  readonly tokens: AccessTokens;
  readonly audiences: Audiences;
  readonly principals: Pick<Principals, 'find'>;
  /** Where tokens come from. */
  readonly authority: () => string;
}): (header: string | undefined, audience: AudienceName) => string {
  const { tokens, audiences, principals } = options;
  return (header, audience) => {
    const authority = options.authority();
    if (header === undefined || header === '') throw authenticationFailedMissingToken(authority);
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
    if (token === undefined) throw authenticationFailedScheme(authority);
    const verdict = tokens.verify(token, audience);
    if ('objectId' in verdict) {
      if (principals.find(verdict.objectId) === undefined) throw unknownPrincipal(authority);
      return verdict.objectId;
    }
    if (verdict.problem === 'audience') throw wrongAudience(authority, verdict.audience, audiences.of(audience));
    throw verdict.problem === 'expired' ? expiredToken(authority) : invalidToken(authority);
  };
}
