import { instanceTypeLabel, type KaitoNodeClass, type KaitoNodeClassSpec, type NodeClaim } from '@kaito/api';
import type { Live } from '@kaito/kube';

type Fields = Partial<NodeClaim['spec']> & {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly types?: readonly string[];
  readonly uid?: string;
};

/** A NodeClaim as KAITO writes it. */
export function nodeClaim(fields: Fields = {}): Live<NodeClaim> {
  const { name = 'ws0a1b2c3d4', labels, annotations, types = ['Standard_NC6s_v3'], uid, ...spec } = fields;
  const { requirements = [], ...rest } = spec;
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: {
      name,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {
        'karpenter.sh/nodepool': 'kaito',
        'kaito.sh/workspace': 'phi',
        'kaito.sh/workspacenamespace': 'default',
        ...labels,
      },
      annotations: { 'karpenter.sh/do-not-disrupt': 'true', ...annotations },
      ...(uid !== undefined && { uid }),
    },
    spec: {
      nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
      taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }],
      resources: { requests: { storage: '120Gi' } },
      requirements: [
        { key: 'karpenter.sh/nodepool', operator: 'In', values: ['kaito'] },
        ...(types.length > 0 ? [{ key: instanceTypeLabel, operator: 'In' as const, values: [...types] }] : []),
        { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
        ...requirements,
      ],
      ...rest,
    },
  };
}

export function nodeClass(spec: KaitoNodeClassSpec, name = 'default'): Live<KaitoNodeClass> {
  return { apiVersion: 'kaito.sh/v1alpha1', kind: 'KaitoNodeClass', metadata: { name }, spec };
}
