import { nodeClaimName, type Workspace, workspaceLabel } from '@kaito/api';
import { indexes, type Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';
import type { NodeChoice } from './choose-nodes.ts';
import type { Machine } from './machines.ts';

/**
 * The machines that a rollout had rented for its time and that are idle now. Only a rollout makes ordinals from `count` on, and only while one
 * of these lives, more machines than `count` live, and as many nodes as are needed are in use elsewhere, is there one to give back: never one
 * with a pod of the Workspace on it.
 */
export function idleSurge(
  workspace: Live<Workspace>,
  count: number,
  living: readonly Machine[],
  choice: NodeChoice,
  { caches }: Pick<Dependencies, 'caches'>,
): readonly Machine[] {
  const { name, namespace, uid = '' } = workspace.metadata;
  const surged = living.some(
    ({ ordinal, attempt, claim }) =>
      ordinal >= count && claim.metadata.name === nodeClaimName({ workspaceUID: uid, ordinal, attempt }),
  );
  if (!surged || choice.ready.length < count) return [];
  const used = new Set(choice.ready.map((node) => node.metadata.name));
  const idle = living.filter(({ claim }) => {
    const node = claim.status?.nodeName;
    if (node === undefined) return true;
    const runs = caches.pods
      .byIndex(indexes.node, node)
      .some(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[workspaceLabel] === name);
    return !used.has(node) && !runs;
  });
  return idle.slice(-Math.max(0, living.length - count) || idle.length);
}
