import { createInformer, type Live, pods, silentLogger, systemClock } from '@kaito/kube';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Cluster } from './connect.ts';

/** A container of a pod, and whether it has a log. */
export interface Started {
  readonly container: string;
  readonly started: boolean;
  /** It runs before the server does. */
  readonly initial: boolean;
}

/** The containers of a pod in the order in which they run. */
export function startedIn({ spec, status }: Live<Pod>): readonly Started[] {
  return [
    ...inOrder(spec?.initContainers, status?.initContainerStatuses, true),
    ...inOrder(spec?.containers, status?.containerStatuses, false),
  ];
}

function inOrder(
  containers: readonly { readonly name: string }[] | undefined,
  statuses: NonNullable<Pod['status']>['containerStatuses'],
  initial: boolean,
): readonly Started[] {
  return (containers ?? []).map(({ name }) => {
    const found = statuses?.find((each) => each.name === name);
    const started = found?.state?.running != null || found?.state?.terminated != null || (found?.restartCount ?? 0) > 0;
    return { container: name, started, initial };
  });
}

/** Waits until a container has started; `started` is false where the pod went, or the signal aborted, before. */
export async function untilStarted(
  { client }: Cluster,
  { metadata }: Live<Pod>,
  container: string,
  signal: AbortSignal,
): Promise<Started> {
  const { name = '', namespace = '' } = metadata;
  const stop = new AbortController();
  const informer = createInformer({
    client,
    clock: systemClock,
    logger: silentLogger,
    resource: pods,
    namespace,
    fieldSelector: `metadata.name=${name}`,
  });
  let at: Started = { container, started: false, initial: false };
  const leave = informer.onChange(({ type, object }) => {
    at = startedIn(object).find((each) => each.container === container) ?? at;
    if (at.started || type === 'deleted') stop.abort();
  });
  try {
    await informer.run(AbortSignal.any([signal, stop.signal]));
  } finally {
    leave();
  }
  return at;
}
