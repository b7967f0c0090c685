import type { Wire } from '../wire/wire.ts';
import { CachedCredential } from './cached-credential.ts';
import type { Credential } from './credential.ts';
import { entraError } from './entra-error.ts';
import { entraLogin } from './entra-login.ts';
import type { EntraClient } from './entra-login.ts';
import { tokenOf } from './token-answer.ts';

/** A service principal with a secret. */
export function clientSecret(wire: Wire, options: EntraClient & { readonly secret: string }): Credential {
  return new CachedCredential(async (audience, claims) => {
    const answer = await entraLogin(wire, options, audience, { client_secret: options.secret }, claims);
    const now = wire.clock.now();
    if (answer.status !== 200) throw entraError(answer, options, now);
    return tokenOf(answer.text, now, 'Entra ID');
  }, wire);
}
