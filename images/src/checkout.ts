import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** The version of all that is in the repository. */
export const version = (JSON.parse(readFileSync(`${checkout}package.json`, 'utf8')) as { readonly version: string })
  .version;
