import { terminationTimestampAnnotation, timestamp } from '@kaito/api';
import {
  type Change,
  type Controller,
  type ControllerMetrics,
  createController,
  keyOf,
  type Live,
  type Result,
  source,
} from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { isManaged } from '../../../agent-pool/managed.ts';
import { nodesOf } from '../../../agent-pool/nodes.ts';
import { poolOf } from '../../../cache/caches.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { deadlineOf } from '../../nodeclaim/termination/deadline.ts';
import { endClaim } from '../../nodeclaim/lifecycle/end-claim.ts';
import { patchMetadata } from '../../nodeclaim/lifecycle/write-claim.ts';
import { decide, type Machine } from './decide.ts';

export const repairControllerName = 'node.repair';

/** How long pods of an unhealthy node are waited for before its machine goes, ms: their kubelet may never end them. Our choice. */
const forcedAfterMs = 300_000;
/** A repair that was held back is looked at again so soon, ms. Our choice. */
const blockedMs = 60_000;

/** Replaces machines whose node is not Ready for long, never more than a fifth of all at once. */
export function createRepairController(deps: Dependencies, metrics?: ControllerMetrics): Controller {
  const { caches, clock, logger, recorder, options } = deps;
  return createController({
    name: repairControllerName,
    sources: [source(caches.nodes, readyTurned)],
    clock,
    logger,
    ...(metrics !== undefined && { metrics }),
    reconcile: async (key): Promise<Result> => {
      const all = machines(deps);
      const machine = all.find(({ node }) => keyOf(node) === key);
      if (machine === undefined || machine.claim.metadata.deletionTimestamp !== undefined) return {};
      const repair = decide(machine, all, options.timeouts.repairMs, clock.now());
      if (repair.decision === 'healthy') return {};
      if (repair.decision === 'wait') return { requeueAfterMs: repair.ms };
      if (repair.decision === 'blocked') {
        const message = `node ${key} is not repaired: ${repair.unhealthy} of ${repair.of} nodes are not Ready, and no more than ${repair.allowed} are replaced at once`;
        recorder.record(machine.node, { type: 'Warning', reason: 'NodeRepairBlocked', message });
        return { requeueAfterMs: blockedMs };
      }
      await replace(machine, repair.notReadyMs, deps);
      return {};
    },
  });
}

function ready({ status }: Live<Node>): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** Nodes of agent pools when they turn Ready or not. */
function readyTurned(change: Change<Live<Node>>): readonly string[] {
  if (change.type === 'deleted' || poolOf(change.object) === undefined) return [];
  const turned = change.type !== 'updated' || ready(change.object) !== ready(change.previous);
  return turned ? [keyOf(change.object)] : [];
}

function machines({ caches }: Pick<Dependencies, 'caches'>): readonly Machine[] {
  return caches.nodeClaims
    .list()
    .filter(isManaged)
    .flatMap((claim) => nodesOf(claim, caches).map((node) => ({ claim, node })));
}

async function replace({ claim, node }: Machine, notReadyMs: number, deps: Dependencies): Promise<void> {
  const forced = new Date(deps.clock.now().getTime() + forcedAfterMs);
  const deadline = deadlineOf(claim);
  const annotations = { [terminationTimestampAnnotation]: timestamp(forced) };
  const written = deadline === undefined ? await patchMetadata(claim, { annotations }, deps) : claim;
  deps.metrics.unhealthyDisrupted('Ready');
  const minutes = Math.round(notReadyMs / 60_000);
  const message = `node ${node.metadata.name} is not Ready for ${minutes} min; its machine is replaced`;
  await endClaim(written, { type: 'Warning', reason: 'NodeUnhealthy', message }, deps);
}
