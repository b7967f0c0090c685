import type { Workspace } from '@kaito/api';
import { keyOf } from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import type { Live } from '../../../cache/caches.ts';
import { type Demand, demandOf } from './demand.ts';

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** What a Workspace asks of each of its nodes. */
export interface NodeRequest {
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly generation: number | undefined;
  /** RFC 3339: of two who want one node the older gets it, with equal age the one with the smaller UID. */
  readonly createdAt: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Absent: any. */
  readonly instanceType: string | undefined;
  readonly tolerations: readonly Toleration[];
  readonly preferred: readonly string[];
  readonly demand: Demand;
}

/** @throws RangeError for a Plan without placement: there is nothing to look for. */
export function nodeRequest(workspace: Live<Workspace>, plan: Plan): NodeRequest {
  const { placement } = plan;
  const { uid, generation, creationTimestamp } = workspace.metadata;
  if (placement === undefined || uid === undefined) {
    throw new RangeError(`The Plan of Workspace ${keyOf(workspace)} names no nodes.`);
  }
  const podSpec = workspace.inference?.template?.['spec'] as { tolerations?: readonly Toleration[] } | undefined;
  return {
    key: keyOf(workspace),
    uid,
    generation,
    createdAt: creationTimestamp ?? '',
    selector: placement.nodeSelector,
    instanceType: placement.instanceType,
    tolerations: [...placement.tolerations, ...(podSpec?.tolerations ?? [])],
    preferred: placement.preferredNodes,
    demand: demandOf(plan),
  };
}

/** Whether `a` goes before `b` where both want the same. */
export function isOlder(
  a: { readonly createdAt: string; readonly uid: string },
  b: { readonly createdAt: string; readonly uid: string },
): boolean {
  return a.createdAt === b.createdAt ? a.uid < b.uid : a.createdAt < b.createdAt;
}

/** As in Kubernetes: an empty key with Exists tolerates everything, an empty effect every effect. */
export function tolerates(
  tolerations: readonly Toleration[],
  taint: { readonly key: string; readonly value?: string; readonly effect: string },
): boolean {
  return tolerations.some(({ key = '', operator = 'Equal', value = '', effect = '' }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    if (key === '') return operator === 'Exists';
    return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
  });
}
