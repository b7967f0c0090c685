import type { Workspace } from '@kaito/api';
import type { UpdateEvidence } from '@kaito/diagnosis';
import type { Rendered } from '@kaito/render';
import type { DeploymentSpec } from 'kubernetes-types/apps/v1.js';
import type { Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';
import { differenceOf } from '../plan/difference.ts';
import { type Prepared, revisionName } from '../plan/preparation.ts';
import { currentPin, movePin, type Pin } from '../plan/revisions.ts';
import { downtimeSeconds } from './downtime.ts';
import { workloadOf } from './progress.ts';
import type { UpdateQueue } from './queue.ts';
import { chooseSurge } from './surge.ts';

type Wanted = NonNullable<Prepared['wanted']>;

/** What is to run now. */
export interface Decision {
  readonly pin: Pin;
  /** What this operator and catalog would do differently, while it is held. */
  readonly update?: UpdateEvidence;
  /** When time alone may let the update through. */
  readonly lookAgainAfterMs?: number;
}

/**
 * Decides what is to run. What the person has changed runs at once. While they change nothing, what is pinned runs on, whatever a newer operator
 * or catalog would make of it, until the queue lets that through; even one that would refuse the Workspace takes nothing away.
 *
 * @param adopted what was there before, made by another KAITO: the first that is pinned.
 * @returns undefined where nothing may run: the Plan is refused, and nothing is pinned for what is written now. @throws ApiError, ConnectionError
 */
export async function decide(
  workspace: Live<Workspace>,
  { wanted, fields, adopted }: Pick<Prepared, 'wanted' | 'fields'> & { readonly adopted?: Rendered | undefined },
  updates: UpdateQueue,
  deps: Dependencies,
): Promise<Decision | undefined> {
  const current = currentPin(workspace, deps.caches);
  if (wanted === undefined) return current?.fields === fields ? { pin: current } : undefined;
  if (current === undefined) {
    return {
      pin: await movePin(workspace, adopted === undefined ? wanted : asAdopted(workspace, wanted, adopted), deps),
    };
  }
  if (current.name === wanted.name) return { pin: current };
  const surge = chooseSurge(workspace, wanted.plan, workloadOf(workspace, deps.caches), deps);
  const move = () => movePin(workspace, { ...wanted, ...(surge !== undefined && { surge }) }, deps);
  if (current.fields !== fields) return { pin: await move() };
  const difference = differenceOf(current.rendered, wanted.rendered);
  if (difference.length === 0) return { pin: current };
  const turn = updates.turnOf(workspace, wanted.name);
  if (turn.go) return { pin: await updates.begin(workspace, move) };
  const { waitsFor, lookAgainAfterMs } = turn;
  const downtime = surge === undefined ? downtimeSeconds(current, wanted) : 0;
  return {
    pin: current,
    update: { difference, waitsFor, ...(downtime !== undefined && { downtimeSeconds: downtime }) },
    ...(lookAgainAfterMs !== undefined && { lookAgainAfterMs }),
  };
}

/** What another has made, as if it had been decided here: with the image that runs. */
function asAdopted(workspace: Live<Workspace>, { fields, plan }: Wanted, rendered: Rendered): Wanted {
  const { template } = rendered.workload.spec as Pick<DeploymentSpec, 'template'>;
  const image = template.spec?.containers[0]?.image;
  const runtime = plan.runtime && { ...plan.runtime, ...(image !== undefined && { image }) };
  const name = revisionName(workspace, { fields, rendered });
  return { fields, plan: { ...plan, ...(runtime !== undefined && { runtime }) }, rendered, name };
}
