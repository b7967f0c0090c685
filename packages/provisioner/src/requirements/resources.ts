import { gpuResource, type KaitoNodeClassSpec, type NodeClaim } from '@kaito/api';
import { type Catalog, findMachine, GiB, type MachineType } from '@kaito/catalog';
import { PlanError } from '../agent-pool/plan-error.ts';
import { amount } from '@kaito/kube';
import type { Candidate } from './candidate.ts';

/** What a machine has of a resource; undefined: the catalog does not say, and the node will. */
const has: Readonly<Record<string, (machine: MachineType) => number>> = {
  cpu: ({ vcpus }) => vcpus,
  memory: ({ memoryGiB }) => memoryGiB * GiB,
  [gpuResource]: ({ gpu }) => gpu?.count ?? 0,
};

/**
 * The candidates that have what `spec.resources.requests` asks for, as far as the catalog knows; `storage` is the disk's.
 *
 * @throws PlanError `ResourcesTooLarge` where none has
 */
export function largeEnough(
  candidates: readonly Candidate[],
  claim: NodeClaim,
  { maxPods }: KaitoNodeClassSpec,
  catalog: Catalog,
): readonly Candidate[] {
  let left = candidates;
  for (const [name, quantity] of Object.entries(claim.spec.resources?.requests ?? {})) {
    const wanted = amount(quantity) ?? 0;
    const of = has[name];
    const fitting = left.filter(({ vmSize }) => {
      if (name === 'pods') return maxPods === undefined || wanted <= maxPods;
      const machine = findMachine(catalog, vmSize);
      return of === undefined || machine === undefined || of(machine) >= wanted;
    });
    if (fitting.length === 0) {
      const types = [...new Set(left.map(({ vmSize }) => vmSize))].join(', ');
      throw new PlanError(
        'ResourcesTooLarge',
        `resources.requests asks for ${name}: ${quantity}, and no machine of those allowed has it: ${types}`,
        'allow a larger machine type (kaito machines), or ask for less',
      );
    }
    left = fitting;
  }
  return left;
}
