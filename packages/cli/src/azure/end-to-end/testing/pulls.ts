import type { Pod } from 'kubernetes-types/core/v1.js';
import { type Client, type Live, pods } from '@kaito/kube';
import { eventually } from '@kaito/kube/testing';

/** What containerd says of an image that it cannot have. */
export const refusals = {
  forbidden: (image: string) =>
    `failed to pull and unpack image "${image}": failed to resolve reference "${image}": failed to authorize: failed to fetch anonymous token: 401 Unauthorized`,
  missing: (image: string) =>
    `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
} as const;

/** Waits for the pod of a Workspace, and shows it as the kubelet does where the image cannot be pulled. @returns its UID */
export async function failPull(
  client: Client,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  why: keyof typeof refusals,
): Promise<string> {
  const labelSelector = `kaito.sh/workspace=${name}`;
  const pod = await eventually({ client, resource: pods, namespace, labelSelector }, (all) =>
    all.find(({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.podIP !== undefined),
  );
  await client.patch(
    pods,
    { namespace, name: pod.metadata.name! },
    { type: 'merge', body: { status: pulling(pod, why) } },
    { subresource: 'status' },
  );
  return pod.metadata.uid!;
}

function pulling({ status }: Live<Pod>, why: keyof typeof refusals): Pod['status'] {
  return {
    phase: 'Pending',
    conditions: (status?.conditions ?? []).map((condition) =>
      condition.type.endsWith('Ready') ? { ...condition, status: 'False' } : condition,
    ),
    containerStatuses: (status?.containerStatuses ?? []).map(({ image, imageID, name }) => ({
      image,
      imageID,
      name,
      ready: false,
      restartCount: 0,
      state: { waiting: { reason: 'ErrImagePull', message: refusals[why](image) } },
    })),
  };
}
