import { isTrue, type NodeClaim, nodeClaimConditions } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';

/** A machine of ours that is up, or was. */
export interface Machine {
  readonly claim: Live<NodeClaim>;
  readonly node: Live<Node>;
}

/** Share of the machines that may be unhealthy, or be repaired, at once. Karpenter's figure. */
const mostUnhealthy = 0.2;

export type Repair =
  | { readonly decision: 'healthy' }
  | { readonly decision: 'wait'; readonly ms: number }
  /** So many are unhealthy that the fault is hardly the machines'. */
  | { readonly decision: 'blocked'; readonly unhealthy: number; readonly allowed: number; readonly of: number }
  | { readonly decision: 'replace'; readonly notReadyMs: number };

/** ms for which a node has not been Ready; undefined: it is Ready, or has never said anything. */
export function notReadyMs({ status }: Live<Node>, now: Date): number | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'True') return undefined;
  return now.getTime() - Date.parse(ready.lastTransitionTime ?? '');
}

/** Whether a machine is to be replaced. @param all every machine that was ready once, those that are being deleted among them */
export function decide(machine: Machine, all: readonly Machine[], repairMs: number, now: Date): Repair {
  const ms = notReadyMs(machine.node, now);
  if (ms === undefined || !isTrue(machine.claim.status?.conditions, nodeClaimConditions.initialized)) {
    return { decision: 'healthy' };
  }
  if (ms < repairMs) return { decision: 'wait', ms: repairMs - ms };
  const unhealthy = all.filter(({ node }) => notReadyMs(node, now) !== undefined).length;
  const allowed = Math.max(1, Math.floor(all.length * mostUnhealthy));
  return unhealthy > allowed
    ? { decision: 'blocked', unhealthy, allowed, of: all.length }
    : { decision: 'replace', notReadyMs: ms };
}
