import type { RootCause } from '../../assessment.ts';
import type { ContainerEvidence, PodEvidence } from '../../evidence.ts';
import type { Policy, View } from '../policy.ts';

/** The pods that decide: those of the newest template that are not leaving, or, where there are none, those of older ones. */
export function decisive(view: View): readonly PodEvidence[] {
  const staying = (view.evidence.pods ?? []).filter(({ deleting, phase }) => !deleting && phase !== 'Succeeded');
  const current = staying.filter(({ current: newest }) => newest !== false);
  return current.length > 0 ? current : staying;
}

/** A policy that looks at each pod that is not ready, in the order of their names. */
export function forPods(look: (view: View, pod: PodEvidence) => RootCause | undefined): Policy {
  return (view) => {
    for (const pod of decisive(view)) {
      if (pod.ready || pod.phase === 'Failed') continue;
      const cause = look(view, pod);
      if (cause !== undefined) return cause;
    }
    return undefined;
  };
}

/** A policy that looks at each container of each pod that is not ready. */
export function forContainers(
  look: (view: View, pod: PodEvidence, container: ContainerEvidence) => RootCause | undefined,
): Policy {
  return forPods((view, pod) => {
    for (const container of pod.containers) {
      if (container.ready) continue;
      const cause = look(view, pod, container);
      if (cause !== undefined) return cause;
    }
    return undefined;
  });
}

/** How a run of a container ended. */
export interface Ending {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
}

/** How its newest run ended, whether it is down or runs again; undefined where no run has ended, or all is well. */
export function lastEnding(container: ContainerEvidence): Ending | undefined {
  const { state, exitCode, reason = '', message = '', lastTermination: last } = container;
  if (state === 'terminated' && exitCode !== undefined)
    return exitCode === 0 && container.init ? undefined : { exitCode, reason, message };
  if (last === undefined) return undefined;
  return { exitCode: last.exitCode, reason: last.reason ?? '', message: last.message ?? '' };
}

/** `container weights of pod demo-0`. */
export function nameOf(pod: PodEvidence, container: ContainerEvidence): string {
  return `${container.init ? 'init container' : 'container'} ${container.name} of pod ${pod.name}`;
}
