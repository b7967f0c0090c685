import { findMachine, formatBytes } from '@kaito/catalog';
import { smallerModels } from './alternatives.ts';
import { describeModel } from './choose-model.ts';
import { notUsedHere } from './checks/access.ts';
import type { Draft } from './draft.ts';
import { hardwareOf, hostMemory } from './hardware.ts';
import { accountInWords, accountOf } from './memory.ts';
import type { Notes } from './notes.ts';
import type { Plan } from './plan.ts';
import { fitModel } from './shape.ts';
import { plural } from './words.ts';

/**
 * The Plan of an image preset for this machine: refused, since it runs in a container on GPUs. Says what the model would need, and whether its
 * quantised equivalent would run here.
 */
export function notRunnableHere(
  start: Pick<Draft, 'request' | 'catalog' | 'facts' | 'options' | 'model' | 'machine'>,
  notes: Notes,
): Pick<Plan, 'model' | 'memory' | 'alternatives' | 'phases'> {
  const { request, catalog, facts, options, model } = start;
  const host = facts.host.state === 'known' ? facts.host.value : undefined;
  const named = findMachine(catalog, request.instanceType);
  const wanted = named?.gpu?.model ?? 'NVIDIA GPU';
  const here = host === undefined ? undefined : host.gpus.map((gpu) => gpu.model);
  const lack =
    here === undefined
      ? 'whether it has GPUs is not known'
      : here.length === 0
        ? `it has no ${wanted}`
        : `it has ${here.join(', ')}`;
  const there = named === undefined ? undefined : hardwareOf(named, 'image');
  const fit = fitModel(model, there, request.count, options) ?? fitModel(model, undefined, 1, options);
  // The load that the named machine would carry; what it offers is not this machine's.
  const account = fit === undefined ? undefined : accountOf(fit.layout, fit.load, undefined);
  const need =
    fit === undefined || account === undefined
      ? ''
      : `; it would need ${plural(fit.gpus, 'GPU')} with ${accountInWords(account, fit.gpus, wanted)}`;
  const memory = host === undefined ? undefined : hostMemory(host);
  const alternatives = smallerModels(model, undefined, memory, catalog, options).filter(({ kind }) => kind === 'model');
  notes.error(
    'NotRunnableHere',
    'inference.preset.name',
    `${model.entry.name} runs in a container on NVIDIA GPUs, which this machine cannot do (${lack})${need}.`,
    remedy(start, alternatives, memory?.usableBytes),
  );
  notUsedHere({ ...start, hardware: undefined, fit, placement: noPlacement, alternatives }, notes);
  return {
    model: describeModel(model),
    ...(account === undefined ? {} : { memory: account }),
    alternatives,
    phases: [],
  };
}

const noPlacement: Draft['placement'] = {
  machinesWanted: 0,
  nodeSelector: {},
  preferredNodes: [],
  tolerations: [],
  diskGiB: 0,
};

function remedy(
  { model }: Pick<Draft, 'model'>,
  alternatives: Plan['alternatives'],
  usableBytes: number | undefined,
): string {
  const [first] = alternatives;
  if (first !== undefined) return `Run its quantised equivalent here with --quantised: ${first.name}, ${first.reason}.`;
  const equivalent = model.entry.kind === 'image' ? model.entry.quantisedEquivalent : undefined;
  if (equivalent !== undefined && usableBytes !== undefined) {
    return `Apply it to a cluster; its quantised equivalent ${equivalent} does not fit the ${formatBytes(usableBytes)} available here either.`;
  }
  return 'Apply it to a cluster, or choose a GGUF preset for this machine (`kaito models`).';
}
