import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from './errors.ts';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Makes a check of the `Authorization` header against one key, in constant time. The check throws 401. */
export function bearerCheck(key: string): (authorization: string | undefined) => void {
  const expected = digest(key);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
    if (timingSafeEqual(digest(given), expected) && given !== '') return;
    throw new HttpError(401, 'This server needs its API key: send it as "Authorization: Bearer KEY".', {
      code: 'invalid_api_key',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  };
}
