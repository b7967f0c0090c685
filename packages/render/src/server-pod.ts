import { gpuResource, workspaceLabel } from '@kaito/api';
import { compact, type Decided, type PodTemplate } from './decided.ts';
import { environment, pullSecrets } from './image-pod.ts';
import { affinity, tolerations } from './placement.ts';
import { probes, servingPort } from './probes.ts';
import { quantity } from './quantity.ts';
import type { RenderOptions } from './rendered.ts';

const models = '/models';
const cache = `${models}/cache`;

/** Enough for a process of its own, bytes. Our choice. */
const fetchMemory = 256 * 2 ** 20;

/** The user that KAITO's images run as; any but root will do. */
const user = 65_532;

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/**
 * The pod of a GGUF model: init containers fetch the weights and the adapters into a volume, one each, so that the pod shows which one
 * fails; then KAITO's server reads them from there.
 */
export function serverPod(plan: Decided, options: RenderOptions): PodTemplate {
  const { runtime, shape, workspace, model } = plan;
  const image = runtime.image ?? options.serverImage;
  const env = environment(plan);
  const gpus = shape.gpusPerPod > 0 ? { [gpuResource]: String(shape.gpusPerPod) } : {};
  const file = `${models}/model.gguf`;
  const adapters = runtime.adapters.map((adapter, index) => ({ ...adapter, path: `${models}/adapter-${index}.gguf` }));
  const pull = (name: string, weights: Weights, output: string): object =>
    compact({
      name,
      image,
      command: ['kaito-weights', 'pull', ...pullFlags(weights), '--cache', cache, '--output', output],
      env,
      resources: { requests: { memory: quantity(fetchMemory) } },
      volumeMounts: mounts,
      terminationMessagePolicy: 'FallbackToLogsOnError',
      securityContext: restricted,
    });
  const weights: Weights = {
    name: model?.name ?? workspace.name,
    // Without a digest the size may be an estimate.
    ...(model?.file?.digest !== undefined && { digest: model.file.digest, bytes: model.file.bytes }),
    sources: model?.file?.sources ?? [],
  };
  const weightsBytes = model?.file?.bytes ?? 0;
  return {
    metadata: { labels: { [workspaceLabel]: workspace.name } },
    spec: compact({
      initContainers: [
        pull('weights', weights, file),
        ...adapters.map(({ name, source, path }, index) =>
          pull(
            `adapter-${index}`,
            {
              name: `${weights.name}/adapter/${name}`,
              sources: [source.type === 'image' ? { type: 'oci', reference: source.image } : source],
            },
            path,
          ),
        ),
      ],
      containers: [
        compact({
          name: workspace.name,
          image,
          command: [
            'kaito-server',
            ...runtime.argv,
            '--model',
            file,
            ...adapters.flatMap(({ name, strength, path }) => [
              '--lora',
              `${path}=${strength}`,
              '--adapter-name',
              name,
            ]),
            '--host',
            '0.0.0.0',
            '--port',
            String(servingPort),
          ],
          ports: [{ name: 'http', containerPort: servingPort, protocol: 'TCP' }],
          resources: {
            ...(shape.gpusPerPod > 0 && { limits: gpus }),
            requests: {
              ...(weightsBytes > 0 && { 'ephemeral-storage': quantity(weightsBytes) }),
              ...(plan.memory?.device === 'host' && { memory: quantity(plan.memory.requiredBytes) }),
              ...gpus,
            },
          },
          volumeMounts: mounts,
          ...probes(plan),
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: restricted,
        }),
      ],
      imagePullSecrets: pullSecrets(plan),
      // A model has no business with the API server.
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      affinity: affinity(plan),
      tolerations: tolerations(plan),
      volumes: [
        { name: 'models', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    }),
  };
}

const mounts = [
  { name: 'models', mountPath: models },
  { name: 'tmp', mountPath: '/tmp' },
];

interface Weights {
  readonly name: string;
  /** `sha256:` and hex digits. */
  readonly digest?: string;
  readonly bytes?: number;
  readonly sources: readonly object[];
}

function pullFlags({ name, digest, bytes, sources }: Weights): string[] {
  return [
    '--name',
    name,
    ...(digest === undefined ? [] : ['--sha256', digest.replace(/^sha256:/, '')]),
    ...(bytes === undefined ? [] : ['--bytes', String(bytes)]),
    ...sources.flatMap((source) => ['--source', JSON.stringify(source)]),
  ];
}
