import type { KaitoNodeClass, NodeClaim } from '@kaito/api';
import { type Live, resource } from '@kaito/kube';

export const nodeClaims = resource<Live<NodeClaim>>({
  group: 'karpenter.sh',
  version: 'v1',
  kind: 'NodeClaim',
  namespaced: false,
});

export const nodeClasses = resource<Live<KaitoNodeClass>>({
  group: 'kaito.sh',
  version: 'v1alpha1',
  kind: 'KaitoNodeClass',
  plural: 'kaitonodeclasses',
  namespaced: false,
});

interface VolumeAttachment {
  readonly spec: { readonly nodeName: string };
}

export const volumeAttachments = resource<Live<VolumeAttachment>>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  namespaced: false,
});
