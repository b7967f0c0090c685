import type { NodeClaim, Workspace } from '@kaito/api';
import { type Live, resource } from '@kaito/kube';

/** Read and written in this version, whichever one a manifest names: both have one schema. */
export const workspaces = resource<Live<Workspace>>({ group: 'kaito.sh', version: 'v1beta1', kind: 'Workspace' });

export const nodeClaims = resource<Live<NodeClaim>>({
  group: 'karpenter.sh',
  version: 'v1',
  kind: 'NodeClaim',
  namespaced: false,
});
