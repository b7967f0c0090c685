import type { Check } from '../draft.ts';
import { instanceTypeLabel } from '@kaito/api';
import { plural } from '../words.ts';

/** Whether the region offers the machine type, and quota is left. Both can change without an edit, so nothing is refused. */
export const cloudOffers: Check = ({ facts, machine, placement }, notes) => {
  if (facts.cloud.state !== 'known' || placement.machinesWanted === 0 || placement.instanceType === undefined) return;
  const { region, offers, unseen } = facts.cloud.value;
  const name = placement.instanceType;
  const path = 'resource.instanceType';
  if (unseen !== undefined) {
    const about = unseen.what === 'quota' ? `quota of ${name} is left` : `${name} is offered and quota is left`;
    notes.info('QuotaUnknown', path, `Whether ${about} in ${region} is not known: ${unseen.why}`, unseen.remedy);
    if (unseen.what === 'offers and quota') return;
  }
  const offer = offers.find((candidate) => candidate.instanceType.toLowerCase() === name.toLowerCase());
  if (offer === undefined || !offer.offered) {
    notes.warning(
      'SkuNotOffered',
      path,
      `${name} is not offered in ${region}.`,
      `See what is: \`az vm list-skus --location ${region} --size Standard_N --all -o table\`.`,
    );
    return;
  }
  if (offer.restriction !== undefined) {
    notes.warning(
      'SkuRestricted',
      path,
      `${name} is restricted in ${region} for this subscription: ${offer.restriction}.`,
      'Ask for access in a support request, or choose another machine type or region.',
    );
  }
  if (machine.kind !== 'known' || offer.quotaLeft === undefined) return;
  const vcpus = placement.machinesWanted * machine.type.vcpus;
  if (offer.quotaLeft < vcpus) {
    notes.warning(
      'InsufficientQuota',
      path,
      `${plural(placement.machinesWanted, 'machine')} of type ${name} need ${vcpus} vCPUs of quota in ${region}, and ${offer.quotaLeft} are left.`,
      `See it with \`az vm list-usage --location ${region} -o table\`, and ask for more in the portal under Quotas.`,
    );
  }
};

/** Existing nodes that were selected but have too few GPUs for a pod. */
export const nodesHaveGpus: Check = ({ facts, placement, fit, machine }, notes) => {
  if (facts.cluster.state !== 'known' || machine.kind !== 'existing' || fit === undefined || fit.gpusPerPod === 0)
    return;
  const selected = facts.cluster.value.nodes.filter((node) =>
    Object.entries(placement.nodeSelector).every(([key, value]) => node.labels[key] === value),
  );
  const short = selected.filter((node) => node.gpuCapacity < fit.gpusPerPod);
  if (short.length === 0) return;
  const first = short[0]!;
  const type = first.labels[instanceTypeLabel];
  notes.warning(
    'NodesWithoutGPUs',
    'resource.labelSelector',
    `${short.length} of ${plural(selected.length, 'selected node')} have fewer than the ${plural(fit.gpusPerPod, 'GPU')} that a pod takes, e.g. ${first.name}${type === undefined ? '' : ` (${type})`} with ${first.gpuCapacity}.`,
    'Label nodes that have them, or see whether the device plugin runs there.',
  );
};
