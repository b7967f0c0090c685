import type { ProcessExit } from '@kaito/diagnosis';
import { maxQuickCrashes, restartDelayMs } from './timing.ts';

export type Decision =
  | { readonly action: 'restart'; readonly delayMs: number; readonly quickCrashes: number }
  | { readonly action: 'next-port' }
  | { readonly action: 'give-up' };

/** Exit codes of the server that starting it again cannot mend: bad flags, and a model that cannot be loaded. */
const hopeless: readonly number[] = [2, 3];
const cannotListen = 4;

/**
 * What to do after the server ended unasked. `quickCrashes` counts those in a row before this one without a healthy run between;
 * `healthy` says whether this run was one. A port lost to another program is no crash where the choice was ours.
 */
export function afterExit(
  exit: Pick<ProcessExit, 'code'>,
  quickCrashes: number,
  healthy: boolean,
  portIsOurs: boolean,
): Decision {
  if (exit.code !== null && hopeless.includes(exit.code)) return { action: 'give-up' };
  if (exit.code === cannotListen) return portIsOurs ? { action: 'next-port' } : { action: 'give-up' };
  const crashes = healthy ? 1 : quickCrashes + 1;
  if (crashes > maxQuickCrashes) return { action: 'give-up' };
  return { action: 'restart', delayMs: restartDelayMs(crashes), quickCrashes: crashes };
}
