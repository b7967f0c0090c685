import {
  archLabel,
  capacityTypeLabel,
  instanceTypeLabel,
  type KaitoNodeClassSpec,
  type NodeClaim,
  type NodeRequirement,
  skuNameLabel,
  zoneLabel,
} from '@kaito/api';
import { type Catalog, findMachine } from '@kaito/catalog';
import { PlanError } from '../agent-pool/plan-error.ts';
import type { Candidate } from './candidate.ts';
import { capacityTypes, machineFacts, zoneOfLabel } from './machine-facts.ts';
import { largeEnough } from './resources.ts';
import { requirementText, satisfies } from './satisfies.ts';

export interface Selection {
  /** At least one, in the order in which they are tried: by machine type, then capacity type, then zone, each as the claim states them. */
  readonly candidates: readonly Candidate[];
  /** Labels that the claim requires and that no machine has by itself: the pool is given them. */
  readonly labels: Readonly<Record<string, string>>;
}

/** More ways than these are not tried. Our choice: what is remembered of each has room in an annotation. */
const mostCandidates = 30;

/**
 * The ways to fulfil a claim's requirements. Each requirement is honoured or refused by its name.
 *
 * @throws PlanError `NoInstanceType`, `RequirementNotSupported`, `RequirementsConflict`, `ResourcesTooLarge`
 */
export function selectCandidates(
  claim: NodeClaim,
  nodeClass: KaitoNodeClassSpec,
  where: { readonly catalog: Catalog; readonly location: string },
): Selection {
  const requirements = claim.spec.requirements.map((each) => withZoneLabels(each, where.location));
  const labels = requiredLabels(requirements, claim, where);
  let left = everyWay(requirements, nodeClass, where);
  const factsOf = (candidate: Candidate) => machineFacts(candidate, claim, where);
  for (const requirement of requirements) {
    const fitting = left.filter((candidate) => {
      const facts = factsOf(candidate);
      const value = facts.has(requirement.key)
        ? facts.get(requirement.key)
        : (labels[requirement.key] ?? claim.metadata.labels?.[requirement.key]);
      if (facts.has(requirement.key) && value === undefined) return false;
      return satisfies(requirement, value);
    });
    if (fitting.length === 0) throw conflict(requirement, left, factsOf);
    left = fitting;
  }
  for (const { key, minValues } of requirements) {
    const values = new Set(left.map((candidate) => factsOf(candidate).get(key)));
    if (minValues !== undefined && values.size < minValues) {
      throw new PlanError(
        'RequirementsConflict',
        `requirement ${key} wants ${minValues} values to be possible, and ${values.size} are`,
        'lower minValues, or allow more values',
      );
    }
  }
  return { candidates: largeEnough(left, claim, nodeClass, where.catalog).slice(0, mostCandidates), labels };
}

function everyWay(
  requirements: readonly NodeRequirement[],
  nodeClass: KaitoNodeClassSpec,
  { catalog, location }: { readonly catalog: Catalog; readonly location: string },
): readonly Candidate[] {
  const valuesOf = (key: string): readonly string[] | undefined =>
    requirements.find((each) => each.key === key && each.operator === 'In')?.values;
  const types = valuesOf(instanceTypeLabel) ?? valuesOf(skuNameLabel) ?? [];
  if (types.length === 0) {
    throw new PlanError(
      'NoInstanceType',
      'nodeClaim spec has no requirement for instance type',
      `require ${instanceTypeLabel} In with one or more machine types, e.g. Standard_NC24ads_A100_v4`,
    );
  }
  const capacities = valuesOf(capacityTypeLabel) ?? [nodeClass.spot ? capacityTypes.spot : capacityTypes.onDemand];
  const zones = zonesFor(valuesOf(zoneLabel), nodeClass.zones, location);
  const known = capacities.filter((each) => each === capacityTypes.spot || each === capacityTypes.onDemand);
  if (known.length === 0) {
    throw notSupported(
      { key: capacityTypeLabel, operator: 'In', values: [...capacities] },
      'AKS has spot and on-demand',
    );
  }
  const vmSizes = [...new Set(types.map((type) => findMachine(catalog, type)?.name ?? type))];
  return vmSizes.flatMap((vmSize) =>
    known.flatMap((capacity) =>
      zones.map((zone) => ({
        vmSize,
        spot: capacity === capacityTypes.spot,
        ...(zone !== undefined && { zone }),
      })),
    ),
  );
}

/** Zone numbers to try: those of the claim that the class allows. No zone: Azure puts the machine where it likes. */
function zonesFor(
  required: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
  location: string,
): readonly (string | undefined)[] {
  if (required === undefined) return allowed ?? [undefined];
  const prefix = zoneOfLabel(location, '');
  const numbers = required.map((value) => (value.startsWith(prefix) ? value.slice(prefix.length) : ''));
  const wrong = required.find((_, at) => !/^[1-9]$/.test(numbers[at]!));
  const requirement: NodeRequirement = { key: zoneLabel, operator: 'In', values: [...required] };
  if (wrong !== undefined) throw notSupported(requirement, `${wrong} is no zone of ${location}, such as ${prefix}1`);
  const fitting = numbers.filter((zone) => allowed === undefined || allowed.includes(zone));
  if (fitting.length > 0) return fitting;
  throw new PlanError(
    'RequirementsConflict',
    `requirement ${requirementText(requirement)} names no zone of those that the KaitoNodeClass allows: ${allowed?.join(', ')}`,
    'add the zone to zones of the KaitoNodeClass, or require another',
  );
}

/** A zone may be written as its number alone. */
function withZoneLabels(requirement: NodeRequirement, location: string): NodeRequirement {
  if (requirement.key !== zoneLabel || requirement.values === undefined) return requirement;
  const values = requirement.values.map((value) =>
    /^[1-9]$/.test(value) ? zoneOfLabel(location, value) : value.toLowerCase(),
  );
  return { ...requirement, values };
}

/** Domains whose labels say what a machine is: one that we do not know we cannot promise. */
const reserved = /(?:^|\.)(?:karpenter\.sh|karpenter\.azure\.com|kubernetes\.azure\.com|kubernetes\.io|k8s\.io)$/;

function requiredLabels(
  requirements: readonly NodeRequirement[],
  claim: NodeClaim,
  where: { readonly catalog: Catalog; readonly location: string },
): Readonly<Record<string, string>> {
  const own = claim.metadata.labels ?? {};
  const facts = machineFacts({ vmSize: '', spot: false }, claim, where);
  const labels: Record<string, string> = {};
  for (const requirement of requirements) {
    const { key, operator, values } = requirement;
    if (facts.has(key) || own[key] !== undefined) continue;
    if (reserved.test(key.split('/')[0] ?? '')) throw notSupported(requirement, 'nothing is known of that label');
    if (operator === 'In' && values?.[0] !== undefined) labels[key] ??= values[0];
    else if (operator !== 'NotIn' && operator !== 'DoesNotExist' && labels[key] === undefined) {
      throw notSupported(requirement, 'the NodeClaim has no such label');
    }
  }
  return labels;
}

function notSupported(requirement: NodeRequirement, why: string): PlanError {
  return new PlanError(
    'RequirementNotSupported',
    `requirement ${requirementText(requirement)} cannot be honoured: ${why}`,
    'delete the NodeClaim and make one without that requirement',
  );
}

function conflict(
  requirement: NodeRequirement,
  left: readonly Candidate[],
  factsOf: (candidate: Candidate) => ReadonlyMap<string, string | undefined>,
): PlanError {
  const types = [...new Set(left.map(({ vmSize }) => vmSize))].join(', ');
  const values = [...new Set(left.map((candidate) => factsOf(candidate).get(requirement.key)))];
  const is = values.every((value) => value === undefined) ? 'it is not known' : `it is ${values.join(', ')}`;
  const hint = requirement.key === archLabel ? ' (Arm sizes have a p among their features)' : '';
  return new PlanError(
    'RequirementsConflict',
    `requirement ${requirementText(requirement)} is met by no machine of those allowed, ${types}: ${is}${hint}`,
    'delete the NodeClaim and make one whose requirements go together',
  );
}
