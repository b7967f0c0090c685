import type { RootCause } from '../../assessment.ts';
import { brief, withoutStop } from '../../brevity.ts';
import type { PodEvidence } from '../../evidence.ts';
import type { Policy, View } from '../policy.ts';
import { describePod, podLogs, scope } from './kubectl.ts';
import { forContainers, forPods, nameOf } from './pods.ts';

/** Seconds after which the shell asks for the events of a pod that is silent: the judgement is made anew then. */
const silentSeconds = 30;

const mounting: Readonly<Record<string, string>> = {
  FailedMount: 'VolumeNotMounted',
  FailedAttachVolume: 'VolumeNotMounted',
  FailedMapVolume: 'VolumeNotMounted',
  FailedCreatePodSandBox: 'PodSandboxFailed',
};

/** Containers are not made: a volume does not come, or the pod's network. Only the events say why. */
export const containersNotMade: Policy = forPods((view, pod): RootCause | undefined => {
  if (pod.scheduledAt === undefined || !isSilent(pod)) return undefined;
  if (!view.passed(pod.scheduledAt, silentSeconds)) return undefined;
  const warning = pod.warnings?.find(({ reason }) => reason in mounting);
  if (warning === undefined) return undefined;
  const absent = /\b(secret|configmap) "([^"]+)" not found/i.exec(warning.message);
  const why = absent === null ? withoutStop(warning.message) : `${absent[1]} ${absent[2]} does not exist`;
  return {
    code: mounting[warning.reason] ?? 'VolumeNotMounted',
    message: brief(`pod ${pod.name} cannot start: ${why}`),
    needs: 'person',
    remedy:
      absent === null
        ? `see why: ${describePod(view, pod)}`
        : `kubectl create ${absent[1]?.toLowerCase() === 'secret' ? 'secret generic' : 'configmap'} ${absent[2]}${scope(view)} --from-literal=<key>=<value>`,
  };
});

function isSilent(pod: PodEvidence): boolean {
  return (
    pod.containers.length === 0 ||
    pod.containers.some(
      ({ state, reason }) => state === 'waiting' && (reason === undefined || reason === 'ContainerCreating'),
    )
  );
}

/** Seconds beyond what was expected before a probe that fails is the cause: until then the model is simply loading. */
function loadingSeconds(view: View): number {
  if (view.workspace.status?.state === 'Ready' || view.workspace.status?.state === 'NotReady') {
    const expected = view.plan.phases.find(({ phase }) => phase === 'ModelLoaded')?.seconds ?? 60;
    return Math.max(60, 2 * expected);
  }
  const expected = view.plan.phases.find(({ phase }) => phase === 'ModelLoaded')?.seconds ?? 300;
  return Math.max(3 * expected, expected + 60);
}

/** A server runs, and its probe says that it is not ready although it should be by now. */
export const probeFailing: Policy = forContainers((view, pod, container): RootCause | undefined => {
  if (container.init || container.state !== 'running') return undefined;
  // The shell asks for the probe's words then.
  view.passed(container.startedAt, silentSeconds);
  if (!view.passed(container.startedAt, loadingSeconds(view))) return undefined;
  const words = pod.warnings?.find(({ reason }) => reason === 'Unhealthy')?.message;
  if (words === undefined) return undefined;
  return {
    code: 'ProbeFailing',
    message: brief(`${nameOf(pod, container)} runs and does not become ready: ${withoutStop(words)}`),
    needs: 'person',
    remedy: `read what it does: ${podLogs(view, pod, container.name, false)}`,
  };
});
