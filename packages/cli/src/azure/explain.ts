import { AzureError } from '@kaito/azure';
import { failure } from '../failure.ts';

/** What `@kaito/azure` throws as a Failure. Whatever else comes back as it is. */
export function explained(error: unknown): unknown {
  if (!(error instanceof AzureError)) return error;
  return failure(error.code, sentence(error.message), capital(error.remedy));
}

/** True where Azure refuses for want of a right. */
export function isRightMissing(error: unknown): error is AzureError {
  return error instanceof AzureError && error.code === 'RightMissing';
}

/** What a look came to; undefined where the person has no right to look. */
export async function permitted<T>(look: Promise<T>): Promise<T | undefined> {
  return await look.catch((error: unknown) => {
    if (isRightMissing(error)) return undefined;
    throw error;
  });
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? capital(text) : `${capital(text)}.`);
const capital = (text: string) =>
  /^(az|kubectl|helm|kaito) /.test(text) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
