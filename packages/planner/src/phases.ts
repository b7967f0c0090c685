import { formatBytes, GiB } from '@kaito/catalog';
import type { ChosenModel } from './choose-model.ts';
import type { MachineChoice } from './placement.ts';
import { totalWeights } from './memory.ts';
import type { PhaseEstimate, PlacementChoice, PlanOptions } from './plan.ts';

/** One measured cold start of KAITO on an A100 in AKS: github.com/kaito-project/kaito issue 2325. Seconds, and bytes per second. */
const measured = {
  nodeSeconds: 284,
  initialisationSeconds: 126,
  /** A base image of 5.60 GB in 101 s. */
  imageBytes: 5.6e9,
  imageBytesPerSecond: 55e6,
  /** 51.75 GiB of weights in 62 s. */
  weightsBytesPerSecond: (51.75 * GiB) / 62,
  /** From the container's start to the engine: Python and its libraries. */
  bootstrapSeconds: 74,
} as const;
const source = 'as in kaito#2325, one measured start on an A100';

const validated: PhaseEstimate = { phase: 'Validated', seconds: 0, basis: 'the Plan itself' };

/** How long each phase should take; without seconds where nothing is known that would tell. */
export function estimatePhases(
  model: ChosenModel | undefined,
  machine: MachineChoice,
  placement: PlacementChoice,
  options: PlanOptions,
): PhaseEstimate[] {
  if (options.target === 'local') return model === undefined ? [validated] : [validated, ...localPhases(model)];
  const phases = [validated, nodes(machine, placement), ...(model === undefined ? templatePhases : modelPhases(model))];
  return phases;
}

function localPhases(model: ChosenModel): PhaseEstimate[] {
  const size = formatBytes(totalWeights(model));
  return [
    {
      phase: 'WeightsReady',
      basis: `${size} to fetch at a rate that is not known before; nothing if the cache has them`,
    },
    { phase: 'ModelLoaded', basis: `${size} to read from disk at a rate that is not known before` },
    { phase: 'Serving', basis: 'the server answers as soon as the model is loaded' },
  ];
}

function nodes(machine: MachineChoice, { machinesWanted }: PlacementChoice): PhaseEstimate {
  if (machinesWanted === 0) return { phase: 'NodesReady', seconds: 0, basis: 'existing nodes are used' };
  const { nodeSeconds, initialisationSeconds } = measured;
  const gpu = machine.kind !== 'known' || machine.type.gpu !== undefined;
  return {
    phase: 'NodesReady',
    seconds: gpu ? nodeSeconds + initialisationSeconds : nodeSeconds,
    basis: gpu
      ? `${nodeSeconds} s until the node is there and ${initialisationSeconds} s until its GPUs are, ${source}; machines start together`
      : `${nodeSeconds} s until the node is there, ${source}; machines start together`,
  };
}

const templatePhases: readonly PhaseEstimate[] = [
  { phase: 'ImagePulled', basis: "the size of the template's image is not known" },
  { phase: 'Serving', basis: "how long the template's container takes to start is not known" },
];

function modelPhases(model: ChosenModel): PhaseEstimate[] {
  const bytes = totalWeights(model);
  const size = formatBytes(bytes);
  if (model.entry.kind === 'gguf') {
    return [
      { phase: 'ImagePulled', basis: "the size of the server's image is not known" },
      { phase: 'WeightsReady', basis: `${size} to fetch at a rate that is not known before` },
      { phase: 'ModelLoaded', basis: `${size} to read from disk at a rate that is not known before` },
      { phase: 'Serving', basis: 'the server answers as soon as the model is loaded' },
    ];
  }
  const image = bytes + measured.imageBytes;
  return [
    {
      phase: 'ImagePulled',
      seconds: Math.round(image / measured.imageBytesPerSecond),
      basis: `${formatBytes(image)} (${size} of weights in an image of ${formatBytes(measured.imageBytes)}) at 55 MB/s, ${source}`,
    },
    { phase: 'WeightsReady', seconds: 0, basis: 'the weights are in the image' },
    {
      phase: 'ModelLoaded',
      seconds: measured.bootstrapSeconds + Math.round(bytes / measured.weightsBytesPerSecond),
      basis: `${measured.bootstrapSeconds} s for Python to start, then ${size} at 0.83 GiB/s, ${source}`,
    },
    { phase: 'Serving', basis: 'the server answers as soon as the model is loaded' },
  ];
}
