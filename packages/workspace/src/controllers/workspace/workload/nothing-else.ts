import type { KubeObject } from '@kaito/kube';

interface Container {
  readonly name: string;
}

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

const nothingMoreInPod = { initContainers: [], volumes: [] };
const nothingMoreInContainer = { command: [], args: [], env: [], envFrom: [], volumeMounts: [] };

/**
 * What is wanted, with the wish that a pod has no container, volume, environment, mount or command beside: for the comparison with what is
 * there. What the API server fills in by itself is none of these.
 */
export function withNothingElse(desired: KubeObject): unknown {
  const { spec } = desired as { readonly spec?: { readonly template?: { readonly spec?: PodSpec } } };
  const pod = spec?.template?.spec;
  if (pod === undefined) return desired;
  return {
    ...desired,
    spec: {
      ...spec,
      template: {
        ...spec!.template,
        spec: {
          ...nothingMoreInPod,
          ...pod,
          ...(pod.containers !== undefined && { containers: pod.containers.map(strict) }),
          ...(pod.initContainers !== undefined && { initContainers: pod.initContainers.map(strict) }),
        },
      },
    },
  };
}

function strict(container: Container): object {
  return { ...nothingMoreInContainer, ...container };
}
