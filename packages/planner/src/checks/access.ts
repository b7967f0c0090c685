import type { Check } from '../draft.ts';

/** Weights that their publisher gives only to those who accepted the licence. */
export const licenceAccepted: Check = ({ model, request, options }, notes) => {
  const { license, name, kind } = model.entry;
  if (!license.gated) return;
  const where = license.url === undefined ? '' : ` (${license.url})`;
  if (kind === 'image') {
    notes.info(
      'GatedLicence',
      'inference.preset.name',
      `The weights of ${name} are under the ${license.name}${where}, which whoever built the image has accepted.`,
    );
  } else if (request.preset?.modelAccessSecret === undefined || options.target === 'local') {
    notes.warning(
      'GatedModel',
      'inference.preset.presetOptions.modelAccessSecret',
      `The publisher of ${name} gives the weights only to accounts that accepted the ${license.name}${where}.`,
      options.target === 'local'
        ? 'Accept it; where a source asks for an account, set the environment variable HF_TOKEN to a token of it.'
        : 'Accept it; where a source asks for an account, name a Secret with the key HF_TOKEN in modelAccessSecret.',
    );
  }
};

/** What this machine does not act on, since it runs no containers and rents nothing. */
export const notUsedHere: Check = ({ options, request }, notes) => {
  if (options.target !== 'local') return;
  const { preset } = request;
  if (request.count > 1) {
    notes.warning(
      'NotUsedHere',
      'resource.count',
      `resource.count asks for ${request.count} machines; this one runs one server.`,
    );
  }
  const selects = Object.keys(request.selector ?? {}).length > 0 || request.preferredNodes.length > 0;
  const fields = [
    ...(request.instanceType === '' ? [] : [`instanceType ${request.instanceType}`]),
    ...(selects ? ['the selection of nodes'] : []),
  ];
  if (fields.length > 0) {
    const path = request.instanceType === '' ? 'resource.labelSelector' : 'resource.instanceType';
    notes.info(
      'NotUsedHere',
      path,
      `In resource, ${fields.join(' and ')} ${fields.length === 1 ? 'is' : 'are'} for a cluster: this machine rents and selects nothing.`,
    );
  }
  if (preset?.image !== undefined) {
    notes.warning(
      'NotUsedHere',
      'inference.preset.presetOptions.image',
      `The image ${preset.image} is not used: this machine runs no containers.`,
    );
  }
  if (preset?.modelAccessSecret !== undefined) {
    notes.warning(
      'NotUsedHere',
      'inference.preset.presetOptions.modelAccessSecret',
      `The Secret ${preset.modelAccessSecret} is not read: this machine has no Secrets.`,
      'Set the environment variable HF_TOKEN instead.',
    );
  }
};
