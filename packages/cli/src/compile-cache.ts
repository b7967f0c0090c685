import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where compiled code of the command is kept between calls: `compile` in KAITO's cache directory (`KAITO_CACHE`, else `kaito` below
 * `XDG_CACHE_HOME`, else `~/.cache/kaito`).
 */
export function compileCacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['KAITO_CACHE'];
  if (own != null && own !== '') return join(own, 'compile');
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg != null && xdg !== '' ? xdg : join(homedir(), '.cache'), 'kaito', 'compile');
}
