import { instanceTypeLabel, workspaceLabel, workspaceNamespaceLabel } from '@kaito/api';
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

type Requirements = readonly object[];

/**
 * Requirements on the node, as alternatives: the Workspace's labels, and the machine type where it names one, on a machine that was made for the
 * Workspace or for none. On one that was made for another, with the same labels maybe, its pod would take the place of that one's.
 */
export function nodeTerms({ placement, workspace }: Decided): readonly Requirements[] {
  const { nodeSelector, instanceType } = placement;
  const required = Object.entries(nodeSelector).map(([key, value]) => isIn(key, value));
  if (instanceType !== undefined && !(instanceTypeLabel in nodeSelector)) {
    required.push(isIn(instanceTypeLabel, instanceType));
  }
  const { name, namespace } = workspace;
  const own = [isIn(workspaceLabel, name)];
  if (namespace !== undefined) own.push(isIn(workspaceNamespaceLabel, namespace));
  return [
    [...required, ...own],
    [...required, { key: workspaceLabel, operator: 'DoesNotExist' }],
  ];
}

function isIn(key: string, value: string) {
  return { key, operator: 'In', values: [value] };
}

/**
 * Affinity to the Workspace's nodes, preferred ones first; `spread`: no two pods of the Workspace on one node, for the ranks of a
 * distributed model.
 */
export function affinity(plan: Decided, spread?: Readonly<Record<string, string>>): Record<string, unknown> {
  const preferred = plan.placement.preferredNodes.map((name) => ({
    weight: 100,
    preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] },
  }));
  const node = compact({
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: nodeTerms(plan).map((matchExpressions) => ({ matchExpressions })),
    },
    preferredDuringSchedulingIgnoredDuringExecution: preferred.length > 0 ? preferred : undefined,
  });
  return compact({
    nodeAffinity: node,
    podAntiAffinity:
      spread === undefined
        ? undefined
        : {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: spread }, topologyKey: 'kubernetes.io/hostname' },
            ],
          },
  });
}
