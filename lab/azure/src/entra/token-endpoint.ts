import type { Clock } from '@kaito/kube';
import {
  applicationNotFound,
  assertionTypeNotSupported,
  expiredSecret,
  grantNotSupported,
  noCredential,
  parameterMissing,
  resourceNotInTenant,
  scopeMalformed,
  wrongSecret,
} from '../errors/entra-errors.ts';
import type { JsonObject } from '../store/store.ts';
import type { AccessTokens } from './access-tokens.ts';
import { type FederatedCredential, checkAssertion } from './assertion.ts';
import type { Audiences } from './audiences.ts';
import type { Directory } from './directory.ts';
import type { Issuers } from './issuers.ts';
import type { Principal } from './principals.ts';

export interface TokenEndpointOptions {
  readonly directory: Directory;
  readonly tokens: AccessTokens;
  readonly audiences: Audiences;
  readonly issuers: Issuers;
  readonly clock: Clock;
  readonly tenantId: string;
  /** Of an application, or of the managed identity that it is. */
  readonly federatedCredentials: (principal: Principal) => readonly FederatedCredential[];
}

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Answers a client_credentials grant. @throws EntraError */
export async function grantToken(
  form: URLSearchParams,
  version: 'v1' | 'v2',
  options: TokenEndpointOptions,
): Promise<JsonObject> {
  const needed = (name: string): string => {
    const value = form.get(name);
    if (value === null || value === '') throw parameterMissing(name);
    return value;
  };
  const grant = needed('grant_type');
  if (grant !== 'client_credentials') throw grantNotSupported(grant);
  const appId = needed('client_id');
  const principal = options.directory.find(appId);
  if (principal === undefined || principal.appId !== appId.toLowerCase())
    throw applicationNotFound(appId, options.tenantId);
  const by = await prove(principal, form, options);
  const audience = version === 'v1' ? needed('resource') : audienceOf(needed('scope'));
  if (!options.audiences.known(audience)) throw resourceNotInTenant(audience, options.tenantId);
  const { token, expiresInSeconds } = options.tokens.issue(principal, audience, { by });
  if (version === 'v2')
    return {
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      ext_expires_in: expiresInSeconds,
      access_token: token,
    };
  const now = Math.floor(options.clock.now().getTime() / 1000);
  return {
    token_type: 'Bearer',
    expires_in: String(expiresInSeconds),
    ext_expires_in: String(expiresInSeconds),
    expires_on: String(now + expiresInSeconds),
    not_before: String(now),
    resource: audience,
    access_token: token,
  };
}

async function prove(
  principal: Principal,
  form: URLSearchParams,
  options: TokenEndpointOptions,
): Promise<'secret' | 'assertion'> {
  const assertion = form.get('client_assertion');
  if (assertion !== null) {
    const type = form.get('client_assertion_type');
    if (type === null) throw parameterMissing('client_assertion_type');
    if (type !== jwtBearer) throw assertionTypeNotSupported(type);
    await checkAssertion(assertion, options.federatedCredentials(principal), options.issuers, options.clock);
    return 'assertion';
  }
  const secret = form.get('client_secret');
  if (secret === null) throw noCredential();
  const verdict = options.directory.checkSecret(principal.appId, secret);
  if (verdict === 'wrong') throw wrongSecret(principal.appId);
  if (verdict === 'expired') throw expiredSecret(principal.appId);
  return 'secret';
}

/** The resource that a scope of `RESOURCE/.default` names; other scopes beside it are those of OpenID Connect. */
function audienceOf(scope: string): string {
  const given = scope.split(' ').filter((each) => !/^(openid|profile|offline_access)?$/.test(each));
  if (given.length !== 1 || !given[0]!.endsWith('/.default')) throw scopeMalformed(scope);
  return given[0]!.slice(0, -'/.default'.length);
}
