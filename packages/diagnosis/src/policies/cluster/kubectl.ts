import type { PodEvidence } from '../../evidence.ts';
import type { View } from '../policy.ts';

/** ` -n team`; empty for the namespace `default`. */
export function scope(view: View): string {
  const { namespace } = view.plan.workspace;
  return namespace === 'default' ? '' : ` -n ${namespace}`;
}

export function describePod(view: View, pod: PodEvidence): string {
  return `kubectl describe pod ${pod.name}${scope(view)}`;
}

/** The last words of a container that has ended, or the words of the one that runs. */
export function podLogs(view: View, pod: PodEvidence, container: string, previous: boolean): string {
  return `kubectl logs ${pod.name} -c ${container}${scope(view)}${previous ? ' --previous' : ''}`;
}
