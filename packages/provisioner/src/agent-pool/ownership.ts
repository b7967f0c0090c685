import {
  creationTimestampLabel,
  machineTypeLabel,
  type NodeClaim,
  nodePoolLabel,
  provisionerNameLabel,
  ragEngineLabel,
  workspaceLabel,
} from '@kaito/api';
import type { AgentPool } from '@kaito/azure';
import { ownershipTags } from './tags.ts';

/** Azure compares names of tags whatever their case, and may hand them back in another. */
function tagOf(pool: AgentPool, name: string): string | undefined {
  const found = Object.entries(pool.properties.tags ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1];
}

/** UID of the NodeClaim that an agent pool was made for by this provisioner; undefined: it is not of our making. */
export function claimUIDOf(pool: AgentPool): string | undefined {
  return tagOf(pool, ownershipTags.claimUID);
}

/** When a pool of ours was asked for; undefined where its tag does not say. */
export function createdAtOf(pool: AgentPool): Date | undefined {
  const time = Date.parse(tagOf(pool, ownershipTags.createdAt) ?? '');
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** The time of a claim as its label has it. */
export function creationLabelOf(claim: Pick<NodeClaim, 'metadata'>): string {
  return (claim.metadata.creationTimestamp ?? '').replace(/\.\d+Z$/, 'Z').replaceAll(':', '-');
}

/**
 * Whether an agent pool is the machine of this claim: the one rule by which pools are changed or deleted. Ours carry the claim's UID. One of
 * a Go gpu-provisioner has no tags; it is known by its labels, which are the claim's, with the time of the claim where that version wrote it.
 */
export function isPoolOf(pool: AgentPool, claim: Pick<NodeClaim, 'metadata'>): boolean {
  const { name, uid, labels: own = {} } = claim.metadata;
  if (pool.name !== name || uid === undefined) return false;
  const owner = claimUIDOf(pool);
  return owner === undefined ? isGoPoolOf(pool, claim, own) : owner === uid;
}

function isGoPoolOf(
  pool: AgentPool,
  claim: Pick<NodeClaim, 'metadata'>,
  own: Readonly<Record<string, string>>,
): boolean {
  const labels = pool.properties.nodeLabels ?? {};
  const made = labels[nodePoolLabel] !== undefined || labels[provisionerNameLabel] !== undefined;
  if (!made || labels[machineTypeLabel] === undefined) return false;
  const time = labels[creationTimestampLabel];
  if (time !== undefined) return time === creationLabelOf(claim);
  const key = [workspaceLabel, ragEngineLabel].find((each) => own[each] !== undefined);
  return key !== undefined && labels[key] === own[key];
}
