import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where weights are kept unless told otherwise: `$KAITO_CACHE`, else `$XDG_CACHE_HOME/kaito`, else `~/.cache/kaito`; in it `weights`. */
export function defaultCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['KAITO_CACHE'];
  if (own !== undefined && own !== '') return join(own, 'weights');
  const shared = environment['XDG_CACHE_HOME'];
  return join(shared !== undefined && shared !== '' ? shared : join(homedir(), '.cache'), 'kaito', 'weights');
}
