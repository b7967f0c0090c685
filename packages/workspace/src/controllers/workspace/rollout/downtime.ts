import { isDeepStrictEqual } from 'node:util';
import type { PhaseName } from '@kaito/planner';
import type { Decided } from '../plan/revisions.ts';

/** What a pod goes through from its start until it serves, beside the pull of its image. */
const starting: readonly PhaseName[] = ['WeightsReady', 'ModelLoaded'];

/**
 * Seconds without service while the pods of `before` are replaced by those of `after`, without a surge: until the image is there (where it is
 * another one) and the model is loaded; 0 where the pods stay as they are. Undefined where the Plan cannot tell how long one of these takes.
 */
export function downtimeSeconds(before: Decided, after: Decided): number | undefined {
  if (isDeepStrictEqual(podsOf(before), podsOf(after))) return 0;
  const names = before.plan.runtime?.image === after.plan.runtime?.image ? starting : ['ImagePulled', ...starting];
  let sum = 0;
  for (const { seconds } of after.plan.phases.filter(({ phase }) => names.includes(phase))) {
    if (seconds === undefined) return undefined;
    sum += seconds;
  }
  return after.plan.phases.some(({ phase }) => phase === 'ModelLoaded') ? sum : undefined;
}

function podsOf({ rendered: { workload } }: Decided): unknown {
  return [workload.kind, workload.spec['template']];
}
