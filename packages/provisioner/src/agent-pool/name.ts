import { PlanError } from './plan-error.ts';

/** What AKS allows for a Linux pool: https://learn.microsoft.com/azure/aks/create-node-pools#limitations. */
const pattern = /^[a-z][a-z0-9]{0,11}$/;

/** The name of a claim is that of its agent pool. @throws PlanError `InvalidName` */
export function assertPoolName(name: string): void {
  if (pattern.test(name)) return;
  throw new PlanError(
    'InvalidName',
    `agentpool name(${name}) is invalid, must match regex pattern: ${pattern.source}`,
    'delete the NodeClaim and make one whose name has 1 to 12 lower-case letters and digits and begins with a letter',
  );
}
