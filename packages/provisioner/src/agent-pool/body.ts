import {
  capacityTypeLabel,
  creationTimestampLabel,
  type KaitoNodeClassSpec,
  machineTypeLabel,
  type NodeClaim,
  nodeImageFamilyAnnotation,
  nodePoolLabel,
  nodePoolName,
  type Taint,
} from '@kaito/api';
import type { AgentPoolProperties } from '@kaito/azure';
import type { Catalog } from '@kaito/catalog';
import type { Candidate } from '../requirements/candidate.ts';
import { capacityTypes, hasGpu } from '../requirements/machine-facts.ts';
import { diskGiB } from './disk.ts';
import { creationLabelOf } from './ownership.ts';
import { tagsFor } from './tags.ts';

/** Where the cluster's own pools are; a pool without a subnet may only join a cluster that has none. */
export interface Subnets {
  readonly vnetSubnetID?: string;
  readonly podSubnetID?: string;
}

export interface BodyInput {
  readonly claim: NodeClaim;
  readonly nodeClass: KaitoNodeClassSpec;
  readonly candidate: Candidate;
  /** Labels beside those of the claim. */
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: Subnets;
  readonly catalog: Catalog;
  readonly now: Date;
}

/**
 * The agent pool of a claim: one machine, labelled and tainted as the claim says, set up as its class says, tagged as the claim's own.
 *
 * @throws PlanError `InvalidDisk`
 */
export function poolBody(input: BodyInput): AgentPoolProperties {
  const { claim, nodeClass, candidate, subnets, now } = input;
  const { vmSize, zone, spot } = candidate;
  const { mode, osDisk, maxPods, gpuDriver } = nodeClass;
  const network = {
    vnetSubnetID: nodeClass.vnetSubnetID ?? subnets.vnetSubnetID,
    podSubnetID: nodeClass.podSubnetID ?? subnets.podSubnetID,
  };
  return {
    count: 1,
    vmSize,
    type: 'VirtualMachineScaleSets',
    mode: mode ?? 'User',
    osType: 'Linux',
    osSKU: osSKU(claim, nodeClass),
    osDiskSizeGB: diskGiB(claim, nodeClass),
    nodeLabels: nodeLabels(input),
    nodeTaints: (claim.spec.taints ?? []).map(taintText),
    tags: { ...nodeClass.tags, ...tagsFor(claim, now) },
    ...(osDisk?.type !== undefined && { osDiskType: osDisk.type }),
    ...(zone !== undefined && { availabilityZones: [zone] }),
    ...(maxPods !== undefined && { maxPods }),
    ...(network.vnetSubnetID !== undefined && { vnetSubnetID: network.vnetSubnetID }),
    ...(network.podSubnetID !== undefined && { podSubnetID: network.podSubnetID }),
    ...(gpuDriver !== undefined && { gpuProfile: { driver: gpuDriver } }),
    ...(spot && {
      scaleSetPriority: 'Spot',
      scaleSetEvictionPolicy: 'Delete',
      spotMaxPrice: Number(nodeClass.spot?.maxPrice ?? '-1'),
    }),
  };
}

/** `key=value:effect`; an empty value keeps its `=`, as AKS wants it. */
export function taintText({ key, value = '', effect }: Taint): string {
  return `${key}=${value}:${effect}`;
}

/** The claim's annotation goes before its class, as it is the narrower wish; any other word than AzureLinux is Ubuntu, as in the Go provisioner. */
function osSKU(claim: NodeClaim, nodeClass: KaitoNodeClassSpec): string {
  const family = claim.metadata.annotations?.[nodeImageFamilyAnnotation];
  if (family === undefined) return nodeClass.osSKU ?? 'Ubuntu';
  return family.toLowerCase() === 'azurelinux' ? 'AzureLinux' : 'Ubuntu';
}

function nodeLabels({ claim, candidate, labels, catalog }: BodyInput): Readonly<Record<string, string>> {
  return {
    [nodePoolLabel]: nodePoolName,
    ...labels,
    ...claim.metadata.labels,
    ...(candidate.spot && { [capacityTypeLabel]: capacityTypes.spot }),
    [machineTypeLabel]: hasGpu(catalog, candidate.vmSize) ? 'gpu' : 'cpu',
    [creationTimestampLabel]: creationLabelOf(claim),
  };
}
