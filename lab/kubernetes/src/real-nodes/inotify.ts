import { readFileSync } from 'node:fs';

const setting = 'fs.inotify.max_user_instances';

/** What to do where a node needs more. */
export const inotifyRemedy = `end other labs, or raise the limit: sysctl -w ${setting}=1024`;

/**
 * Says that a kubelet with this log cannot stay up for want of inotify instances, of which all processes of a user share a number that is the
 * machine's; a node takes ten, a control plane thirteen. Undefined: it can.
 */
export function lackOfInotify(kubeletLog: string): string | undefined {
  if (!kubeletLog.includes('inotify_init: too many open files')) return undefined;
  const limit = readFileSync(`/proc/sys/${setting.replaceAll('.', '/')}`, 'utf8').trim();
  return `its kubelet does not find a free inotify instance among this machine's ${limit}`;
}
