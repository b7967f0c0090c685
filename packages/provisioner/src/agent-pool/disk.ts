import type { KaitoNodeClassSpec, NodeClaim } from '@kaito/api';
import { GiB } from '@kaito/catalog';
import { PlanError } from './plan-error.ts';
import { amount } from '@kaito/kube';

/** Bounds of `osDiskSizeGB`: https://learn.microsoft.com/rest/api/aks/agent-pools/create-or-update. 0 would be AKS's own size. */
const leastGiB = 30;
const mostGiB = 2048;

/**
 * Size of the OS disk, GiB: what the claim asks for under `storage`, rounded up and no less than AKS allows, or what its class says where
 * that is enough. @throws PlanError `InvalidDisk`
 */
export function diskGiB(claim: NodeClaim, nodeClass: KaitoNodeClassSpec): number {
  const { name = '' } = claim.metadata;
  const request = claim.spec.resources?.requests?.['storage'];
  const set = nodeClass.osDisk?.sizeGiB;
  const bytes = request === undefined ? undefined : amount(request);
  if (request === undefined ? set === undefined : bytes === undefined || bytes <= 0) {
    throw new PlanError(
      'InvalidDisk',
      `storage request of nodeclaim(${name}) should be more than 0`,
      'write spec.resources.requests.storage, e.g. 120Gi, or osDisk.sizeGiB of the KaitoNodeClass',
    );
  }
  const wanted = Math.ceil((bytes ?? 0) / GiB);
  if (wanted > mostGiB) {
    throw new PlanError(
      'InvalidDisk',
      `storage request of nodeclaim(${name}) is ${wanted} GiB, and an OS disk has ${mostGiB} GiB at most`,
      `write ${mostGiB}Gi or less`,
    );
  }
  if (set !== undefined && set < wanted) {
    throw new PlanError(
      'InvalidDisk',
      `nodeclaim(${name}) needs a disk of ${wanted} GiB, and its KaitoNodeClass sets osDisk.sizeGiB: ${set}`,
      `set osDisk.sizeGiB of KaitoNodeClass ${claim.spec.nodeClassRef.name} to ${wanted} or more, or remove it`,
    );
  }
  return set ?? Math.max(leastGiB, wanted);
}
