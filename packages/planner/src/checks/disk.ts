import { formatBytes } from '@kaito/catalog';
import type { Check } from '../draft.ts';

/**
 * The weights must find room where the cache lies. A file that is in the cache already needs none, which only the shell knows, so it may pass
 * the free space with that file's bytes added.
 */
export const diskSuffices: Check = ({ options, facts, model }, notes) => {
  if (options.target !== 'local' || facts.host.state !== 'known' || model.quantisation === undefined) return;
  const { bytes } = model.quantisation;
  const free = facts.host.value.freeDiskBytes;
  if (bytes <= free) return;
  notes.error(
    'InsufficientDisk',
    'inference.preset.name',
    `The weights of ${model.entry.name} are ${formatBytes(bytes)}, but only ${formatBytes(free)} are free where weights are kept.`,
    `Free ${formatBytes(bytes - free)}, choose a smaller quantisation, or keep weights elsewhere.`,
  );
};
