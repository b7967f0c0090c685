import { findCondition, type NodeClaim, nodeClaimConditions, type NodeClaimStatus } from '@kaito/api';
import type { EventContent, Live } from '@kaito/kube';
import type { Dependencies } from '../../../dependencies.ts';

const types = Object.values(nodeClaimConditions);

/** Events for what turned between two statuses, each once: call it after the write that made the turn. */
export function announce(
  before: NodeClaimStatus | undefined,
  after: NodeClaimStatus,
  { recorder }: Pick<Dependencies, 'recorder'>,
  claim: Live<NodeClaim>,
): void {
  for (const content of turnsBetween(before ?? {}, after)) recorder.record(claim, content);
}

export function turnsBetween(before: NodeClaimStatus, after: NodeClaimStatus): readonly EventContent[] {
  return types.flatMap((type): readonly EventContent[] => {
    const was = findCondition(before.conditions, type);
    const is = findCondition(after.conditions, type);
    if (is === undefined) return [];
    if (is.status === 'True') {
      if (was?.status === 'True') return [];
      return [{ type: 'Normal', reason: type, message: messages[type](after) }];
    }
    const told = is.message.includes('Remedy: ');
    const same = was?.reason === is.reason && was.message === is.message;
    return told && !same ? [{ type: 'Warning', reason: is.reason, message: is.message }] : [];
  });
}

const messages: Readonly<Record<(typeof types)[number], (status: NodeClaimStatus) => string>> = {
  Launched: () => 'the machine is there',
  Registered: ({ nodeName }) => `its node ${nodeName} has joined the cluster`,
  Initialized: ({ nodeName }) => `node ${nodeName} takes pods`,
  Ready: ({ nodeName }) => `node ${nodeName} is ready`,
};
