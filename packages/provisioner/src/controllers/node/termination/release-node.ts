import { terminationFinalizer } from '@kaito/api';
import { isConflict, isNotFound, type Live, nodes, removeFinalizer } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Dependencies } from '../../../dependencies.ts';
import { fieldManager } from '../../../options.ts';

/**
 * Lets a node go whose machine is gone: the object is deleted where the cloud did not, and our finalizer removed from this very one.
 *
 * @throws ApiError
 */
export async function releaseNode(
  node: Live<Node>,
  { client, caches, metrics, clock }: Pick<Dependencies, 'client' | 'caches' | 'metrics' | 'clock'>,
): Promise<void> {
  const { name = '', uid = '', deletionTimestamp, creationTimestamp } = node.metadata;
  try {
    if (deletionTimestamp === undefined) await client.delete(nodes, { name }, { preconditions: { uid } });
    const held = node.metadata.finalizers?.includes(terminationFinalizer) === true;
    const left = held ? await removeFinalizer(client, nodes, node, terminationFinalizer, { fieldManager }) : undefined;
    if (left === undefined || (left.metadata.finalizers ?? []).length === 0) caches.nodes.forget({ name }, uid);
  } catch (error) {
    // Gone, or another of its name.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
  metrics.nodeTerminated(
    clock.now().getTime() - Date.parse(creationTimestamp ?? ''),
    timeOf(deletionTimestamp, clock.now()),
  );
}

function timeOf(begin: string | undefined, now: Date): number | undefined {
  return begin === undefined ? undefined : now.getTime() - Date.parse(begin);
}
