import { AzureError } from '../errors/azure-error.ts';
import { objectOf, parseJson, textOf } from '../json.ts';
import type { AccessToken } from './credential.ts';

/**
 * A token as Entra and the metadata services answer it: `access_token`, and its end as `expires_on` (seconds since 1970) or `expires_in`
 * (seconds), as a number or as text. Without an end it is taken to live five minutes.
 *
 * @throws AzureError `ServerError` for anything else
 */
export function tokenOf(text: string, now: Date, source: string): AccessToken {
  const answer = objectOf(parseJson(text));
  const value = textOf(answer?.['access_token']);
  if (answer === undefined || value === undefined)
    throw new AzureError('ServerError', {
      message: `${source} answered with something that is no token`,
      remedy: 'check its address, and proxies on the way there',
      retry: 'later',
    });
  const on = seconds(answer['expires_on']);
  const within = seconds(answer['expires_in']) ?? 300;
  return { value, expiresAt: on === undefined ? now.getTime() + within * 1000 : on * 1000 };
}

function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}
