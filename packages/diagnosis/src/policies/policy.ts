import type { Workspace } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { Phase, RootCause } from '../assessment.ts';
import type { Evidence } from '../evidence.ts';

/** Everything a policy may look at. */
export interface View {
  readonly workspace: Workspace;
  readonly plan: Plan;
  readonly evidence: Evidence;
  readonly phases: readonly Phase[];
  readonly now: Date;
}

/** Looks for one kind of trouble: the cause when it is there, else undefined. */
export type Policy = (view: View) => RootCause | undefined;

/**
 * A `kaito` command on this Workspace, as a person types it: `kaito logs demo -n team`. The namespace is left out where it is
 * `default`.
 */
export function kaito(view: View, verb: string, flags = ''): string {
  const { name, namespace } = view.plan.workspace;
  const scope = namespace === 'default' ? '' : ` -n ${namespace}`;
  return `kaito ${verb} ${name}${scope}${flags === '' ? '' : ` ${flags}`}`;
}

/** Where to read more: the local log, or the object's description in the cluster. */
export function lookCloser(view: View): string {
  const { name, namespace } = view.plan.workspace;
  return view.plan.target === 'local'
    ? `read the server's log: ${kaito(view, 'logs')}`
    : `look at its events: kubectl describe workspace ${name} -n ${namespace}`;
}
