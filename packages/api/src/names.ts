import { createHash } from 'node:crypto';

/** What makes one NodeClaim of a Workspace. */
export interface NodeClaimIdentity {
  /** `metadata.uid` of the Workspace, so that a recreated one never meets its predecessor's machines. */
  readonly workspaceUID: string;
  /** Which of the Workspace's machines, from 0. */
  readonly ordinal: number;
  /** How often this machine was given up and asked for anew, from 0; stored before the create. */
  readonly attempt: number;
}

/**
 * The name of a NodeClaim and of its agent pool: `ws` and nine hex digits of sha256. Deterministic, so that a repeated create meets
 * itself; 11 characters, within what AKS allows for a Linux pool (`^[a-z][a-z0-9]{0,11}$`).
 *
 * @throws RangeError when ordinal or attempt is no non-negative integer, or the UID is empty: a name must never be made from nothing.
 */
export function nodeClaimName({ workspaceUID, ordinal, attempt }: NodeClaimIdentity): string {
  if (workspaceUID === '' || !isCount(ordinal) || !isCount(attempt)) {
    throw new RangeError(`No NodeClaim name for UID "${workspaceUID}", ordinal ${ordinal}, attempt ${attempt}`);
  }
  const digest = createHash('sha256').update(`${workspaceUID}/${ordinal}/${attempt}`).digest('hex');
  return `ws${digest.slice(0, 9)}`;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The Service of a Workspace has its name; the headless one, for pods that find each other, this. */
export function headlessServiceName(workspaceName: string): string {
  return `${workspaceName}-headless`;
}

/**
 * The longest name of a Workspace, characters. Its StatefulSet's pods carry the label `controller-revision-hash` with the value
 * `<name>-<ten characters>`, and a label value has at most 63: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/.
 * `<name>-headless` fits with it.
 */
export const maxWorkspaceNameLength = 63 - '-'.length - 10;
