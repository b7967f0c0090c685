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
  /**
   * True when so many seconds have gone since that time (RFC 3339). Where they have not, the judgement is to be made again when they have:
   * the only way in which a policy may let time decide. False for a time that is absent or does not parse.
   */
  readonly passed: (since: string | undefined, seconds: number) => boolean;
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
