import type { Clock } from '@kaito/kube';
import {
  assertionMalformed,
  assertionOutsideItsTime,
  assertionSignatureWrong,
  audienceNotMatched,
  issuerNotMatched,
  issuerUnreachable,
  noFederatedCredential,
  subjectNotMatched,
} from '../errors/entra-errors.ts';
import type { Issuers } from './issuers.ts';
import { readJwt, verifyJwt } from './jwt.ts';

/** Whose tokens an identity takes for its own. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/** Clocks may differ by so much, s. */
const skewSeconds = 300;

const rfc3339 = (seconds: unknown): string =>
  typeof seconds === 'number' && Number.isFinite(seconds) && Math.abs(seconds) < 8.64e12
    ? new Date(seconds * 1000).toISOString()
    : 'none';

/**
 * Checks a token that someone else issued, as Entra does: a federated credential names its issuer, subject and audience, its time has come and is not
 * over, and one of the issuer's own keys signed it.
 *
 * @throws EntraError
 */
export async function checkAssertion(
  assertion: string,
  credentials: readonly FederatedCredential[],
  issuers: Issuers,
  clock: Clock,
): Promise<void> {
  const jwt = readJwt(assertion);
  if (jwt === undefined) throw assertionMalformed('The assertion is not a compact JWS.');
  const { iss, sub, aud, exp, nbf, iat } = jwt.claims;
  if (typeof iss !== 'string' || typeof sub !== 'string') throw assertionMalformed('It needs the claims iss and sub.');
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((each) => typeof each === 'string');
  const shown = audiences.join(' ');
  if (credentials.length === 0) throw noFederatedCredential(iss, sub, shown);
  const ofIssuer = credentials.filter((each) => each.issuer === iss);
  if (ofIssuer.length === 0) throw issuerNotMatched(iss);
  const ofSubject = ofIssuer.filter((each) => each.subject === sub);
  if (ofSubject.length === 0) throw subjectNotMatched(sub);
  if (!ofSubject.some((each) => each.audiences.some((audience) => audiences.includes(audience))))
    throw audienceNotMatched(shown);
  const now = clock.now();
  const seconds = now.getTime() / 1000;
  const begins = nbf ?? iat;
  if (
    typeof exp !== 'number' ||
    exp + skewSeconds <= seconds ||
    (begins !== undefined && (typeof begins !== 'number' || begins - skewSeconds > seconds))
  ) {
    throw assertionOutsideItsTime(now.toISOString(), rfc3339(begins), rfc3339(exp));
  }
  const { kid } = jwt.header;
  const keys = await issuers.keys(iss, typeof kid === 'string' ? kid : undefined).catch((error: unknown) => {
    throw issuerUnreachable(iss, error instanceof Error ? error.message : String(error));
  });
  if (!verifyJwt(jwt, keys)) throw assertionSignatureWrong(typeof kid === 'string' ? kid : '');
}
