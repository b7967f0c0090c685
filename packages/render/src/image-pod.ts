import { gpuResource, workspaceLabel } from '@kaito/api';
import { compact, type Decided, type PodTemplate } from './decided.ts';
import { affinity, tolerations } from './placement.ts';
import { probes, servingPort } from './probes.ts';

/** The pod of a preset that runs from its image. */
export function imagePod(plan: Decided): PodTemplate {
  const { runtime, shape, workspace } = plan;
  const labels = { [workspaceLabel]: workspace.name };
  const distributed = shape.workload === 'StatefulSet' && shape.replicas > 1;
  const gpus = shape.gpusPerPod > 0 ? { [gpuResource]: String(shape.gpusPerPod) } : undefined;
  return {
    metadata: { labels },
    spec: compact({
      containers: [
        compact({
          name: workspace.name,
          image: runtime.image,
          command: runtime.argv,
          ports: [{ name: 'http', containerPort: servingPort, protocol: 'TCP' }],
          env: environment(plan),
          resources: gpus === undefined ? undefined : { limits: gpus, requests: gpus },
          // Ranks of one job share tensors through memory; the default of 64 MiB is too little.
          volumeMounts: distributed ? [{ name: 'dshm', mountPath: '/dev/shm' }] : undefined,
          ...probes(plan),
          terminationMessagePolicy: 'FallbackToLogsOnError',
        }),
      ],
      imagePullSecrets: pullSecrets(plan),
      // A model has no business with the API server.
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      affinity: affinity(plan, distributed ? labels : undefined),
      tolerations: tolerations(plan),
      volumes: distributed ? [{ name: 'dshm', emptyDir: { medium: 'Memory' } }] : undefined,
    }),
  };
}

/** The Plan's environment and, from a Secret, the token for gated weights; undefined when there is neither. */
export function environment({ runtime }: Decided): object[] | undefined {
  const fixed = Object.entries(runtime.environment).map(([name, value]) => ({ name, value }));
  const { modelAccessSecret: secret } = runtime;
  const key = secret?.key ?? 'HF_TOKEN';
  const token =
    secret === undefined ? [] : [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: secret.name, key } } }];
  const all = [...fixed, ...token];
  return all.length > 0 ? all : undefined;
}

/** References to the pull Secrets that the Workspace names. */
export function pullSecrets({ runtime }: Decided): object[] | undefined {
  return runtime.imagePullSecrets.length > 0 ? runtime.imagePullSecrets.map(({ name }) => ({ name })) : undefined;
}
