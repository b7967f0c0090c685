/** Label of a pod that tells a simulated node how it fares there; without it a pod is Ready at once. */
export const podFateLabel = 'lab.kaito.sh/pod';

/** The fates, with what the kubelet would say of the main container. `not-ready`: runs, and never becomes ready. */
const fates: Readonly<
  Record<string, { readonly phase: string; readonly state: string; readonly restarts?: number; readonly last?: string }>
> = {
  'not-ready': { phase: 'Running', state: 'running: {startedAt: {{ $now | Quote }}}' },
  'image-pull-refused': {
    phase: 'Pending',
    state:
      'waiting: {reason: ImagePullBackOff, message: {{ printf "Back-off pulling image %q: ErrImagePull: failed to pull and unpack image %q: failed to authorize: failed to fetch anonymous token: 401 Unauthorized" .image .image | Quote }}}',
  },
  'image-not-found': {
    phase: 'Pending',
    state:
      'waiting: {reason: ErrImagePull, message: {{ printf "rpc error: code = NotFound desc = failed to pull and unpack image %q: %s: not found" .image .image | Quote }}}',
  },
  'oom-killed': {
    phase: 'Running',
    restarts: 3,
    state: 'waiting: {reason: CrashLoopBackOff, message: back-off 40s restarting failed container}',
    last: 'terminated: {reason: OOMKilled, exitCode: 137, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}',
  },
  'crash-loop': {
    phase: 'Running',
    restarts: 5,
    state: 'waiting: {reason: CrashLoopBackOff, message: back-off 2m40s restarting failed container}',
    last: 'terminated: {reason: Error, exitCode: 1, message: the weights are damaged, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}',
  },
};

export const podFates: readonly string[] = Object.keys(fates);

const label = `.metadata.labels[${JSON.stringify(podFateLabel)}]`;

function stage(name: string, selector: readonly object[], next: object): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind: 'Pod' }, selector: { matchExpressions: selector }, next },
  };
}

const alive = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const untouched = { key: '.status.podIP', operator: 'DoesNotExist' };

function statusTemplate(ready: boolean, phase: string, state: string, restarts = 0, last?: string): string {
  const text = ready ? '"True"' : '"False"';
  return `{{ $now := Now }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: ${text}, lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: ${text}, lastTransitionTime: {{ $now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: ${ready}
  restartCount: ${restarts}
  state: {${state}}
${last === undefined ? '' : `  lastState: {${last}}\n`}{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
{{ end }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
phase: ${phase}
startTime: {{ $now | Quote }}
`;
}

/** kwok's configuration for pods: several documents of YAML (JSON, one after the other). */
export function podStages(): string {
  const stages = [
    stage('pod-ready', [alive, untouched, { key: label, operator: 'NotIn', values: podFates }], {
      statusTemplate: statusTemplate(true, 'Running', 'running: {startedAt: {{ $now | Quote }}}'),
    }),
    ...Object.entries(fates).map(([fate, { phase, state, restarts, last }]) =>
      stage(`pod-${fate}`, [alive, untouched, { key: label, operator: 'In', values: [fate] }], {
        statusTemplate: statusTemplate(false, phase, state, restarts, last),
      }),
    ),
    stage('pod-delete', [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }], {
      finalizers: { empty: true },
      delete: true,
    }),
  ];
  return stages.map((document) => `${JSON.stringify(document, null, 1)}\n`).join('---\n');
}
