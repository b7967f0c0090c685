import { findCondition, instanceTypeLabel, type NodeClaim, workspaceLabel, workspaceNamespaceLabel } from '@kaito/api';
import { isNotFound, type Live } from '@kaito/kube';
import type { Cluster } from './connect.ts';
import type { WorkspaceRef } from './lookup.ts';
import { nodeClaims } from './resources.ts';

/** The machines that were asked for for a Workspace; none where the cluster does not know NodeClaims. Rejects as a list does. */
export async function claimsOf(
  { client }: Cluster,
  { namespace, name }: WorkspaceRef,
): Promise<readonly Live<NodeClaim>[]> {
  try {
    const { items } = await client.list(nodeClaims, {
      labelSelector: `${workspaceLabel}=${name},${workspaceNamespaceLabel}=${namespace}`,
    });
    return items;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** The machine type a NodeClaim asks for. */
export function typeOf({ metadata, spec }: Live<NodeClaim>): string {
  return (
    metadata.labels?.[instanceTypeLabel] ??
    spec.requirements.find(({ key }) => key === instanceTypeLabel)?.values?.[0] ??
    'unknown'
  );
}

/** How far a NodeClaim is, in a word, with its provisioner's words where it is not ready. */
export function stateOf({ metadata, status }: Live<NodeClaim>): { readonly state: string; readonly message: string } {
  if (metadata.deletionTimestamp != null) return { state: 'Terminating', message: '' };
  const ready = findCondition(status?.conditions, 'Ready');
  if (ready?.status === 'True') return { state: 'Ready', message: '' };
  const steps = ['Launched', 'Registered', 'Initialized'];
  const open = steps
    .map((type) => findCondition(status?.conditions, type))
    .find((step) => step != null && step.status !== 'True');
  const message = open?.message === '' ? '' : (open?.message ?? ready?.message ?? '');
  return { state: open == null ? 'Pending' : `not ${open.type}`, message };
}
