import type { Workspace } from '@kaito/api';
import { type Change, createInformer, type Live, systemClock } from '@kaito/kube';
import { type Cluster, loggerTo } from './connect.ts';
import { workspaces } from './resources.ts';

interface WatchOptions<R> {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Asked once it is known that nothing of the selection is there; as `see`. */
  readonly none?: () => R | undefined;
}

/**
 * Shows each Workspace of the selection as it is and as it changes to `see`, until `see` returns something, which is given back, or the
 * signal aborts (undefined). A connection that breaks off is told to `say` and mended.
 */
export async function watchWorkspaces<R>(
  cluster: Cluster,
  selection: { readonly namespace?: string; readonly fieldSelector?: string },
  see: (change: Change<Live<Workspace>>) => R | undefined,
  { signal, say, none }: WatchOptions<R>,
): Promise<R | undefined> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const informer = createInformer({
    client: cluster.client,
    clock: systemClock,
    logger: loggerTo(say),
    resource: workspaces,
    ...selection,
  });
  let found: R | undefined;
  let broken: unknown;
  const settle = (look: () => R | undefined) => {
    if (stop.signal.aborted) return;
    try {
      found = look();
    } catch (error) {
      broken = error;
    }
    if (found !== undefined || broken !== undefined) stop.abort();
  };
  const leave = informer.onChange((change) => settle(() => see(change)));
  try {
    const synced = informer.whenSynced(either).then(
      () => informer.size === 0 && none !== undefined && settle(none),
      () => {},
    );
    await Promise.all([informer.run(either), synced]);
  } finally {
    leave();
  }
  if (broken !== undefined) throw broken;
  return found;
}
