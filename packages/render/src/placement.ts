import { instanceTypeLabel } from '@kaito/api';
import { compact, type Decided } from './decided.ts';

/** Seconds for which a pod stays bound to a node that is gone, instead of Kubernetes' 300: a model's place is rented by the hour. */
const lostNodeSeconds = 30;

const lostNode = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: lostNodeSeconds,
}));

/** The Plan's tolerations, then those that bound the wait on a lost node. */
export function tolerations({ placement }: Decided): object[] {
  return [...placement.tolerations, ...lostNode];
}

/** Requirements on the node: the Workspace's labels, and the machine type where it names one. */
export function nodeRequirements({ placement }: Decided): object[] {
  const labels = Object.entries(placement.nodeSelector).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value],
  }));
  return placement.instanceType === undefined || instanceTypeLabel in placement.nodeSelector
    ? labels
    : [...labels, { key: instanceTypeLabel, operator: 'In', values: [placement.instanceType] }];
}

/**
 * Affinity to the Workspace's nodes, preferred ones first; `spread`: no two pods of the Workspace on one node, for the ranks of a
 * distributed model.
 */
export function affinity(
  plan: Decided,
  spread?: Readonly<Record<string, string>>,
): Record<string, unknown> | undefined {
  const required = nodeRequirements(plan);
  const preferred = plan.placement.preferredNodes.map((name) => ({
    weight: 100,
    preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] },
  }));
  const node = compact({
    requiredDuringSchedulingIgnoredDuringExecution:
      required.length > 0 ? { nodeSelectorTerms: [{ matchExpressions: required }] } : undefined,
    preferredDuringSchedulingIgnoredDuringExecution: preferred.length > 0 ? preferred : undefined,
  });
  const all = compact({
    nodeAffinity: Object.keys(node).length > 0 ? node : undefined,
    podAntiAffinity:
      spread === undefined
        ? undefined
        : {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: spread }, topologyKey: 'kubernetes.io/hostname' },
            ],
          },
  });
  return Object.keys(all).length > 0 ? all : undefined;
}
