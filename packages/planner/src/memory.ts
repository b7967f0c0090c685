import {
  formatBytes,
  kvCacheBytes,
  kvCacheBytesPerToken,
  overheadBytes,
  splitAcross,
  weightsBytes,
} from '@kaito/catalog';
import type { ChosenModel } from './choose-model.ts';
import type { Hardware } from './hardware.ts';
import type { MemoryAccount } from './plan.ts';
import { plural } from './words.ts';

/** How one server lies on its devices. */
export interface Layout {
  readonly model: ChosenModel;
  readonly device: 'gpu' | 'host';
  readonly tensorParallel: number;
  readonly pipelineParallel: number;
}

/** What one server has to hold at once: so many requests of so many tokens. */
export interface Load {
  readonly contextLength: number;
  readonly parallel: number;
}

type Needs = Pick<MemoryAccount, 'weightsBytes' | 'kvCacheBytes' | 'overheadBytes' | 'requiredBytes'>;

/** Bytes that the fullest device needs, by the catalog's formulas. Grows with both figures of the load. */
export function needs(layout: Layout, { contextLength, parallel }: Load): Needs {
  const { device, tensorParallel, pipelineParallel, model } = layout;
  const { architecture } = model.entry;
  const split = { tensorParallel, pipelineParallel };
  const weights = splitAcross(totalWeights(model), split, architecture.layers);
  const kvCache = kvCacheBytes(architecture, {
    contextTokens: contextLength,
    sequences: parallel,
    windowed: false,
    ...split,
  });
  const overhead = overheadBytes(architecture, {
    runtime: model.entry.kind === 'image' ? 'transformers' : 'llama.cpp',
    device: device === 'gpu' ? 'gpu' : 'cpu',
    contextTokens: contextLength,
    sequences: parallel,
  });
  return {
    weightsBytes: weights,
    kvCacheBytes: kvCache,
    overheadBytes: overhead,
    requiredBytes: weights + kvCache + overhead,
  };
}

/** Bytes of all weights: the file's size where there is a file. */
export function totalWeights({ entry, quantisation }: ChosenModel): number {
  return quantisation?.bytes ?? weightsBytes(entry.architecture, entry.kind === 'image' ? entry.weightType : 'float32');
}

/** The account of one device, with what it offers where that is known. */
export function accountOf(layout: Layout, load: Load, hardware: Hardware | undefined): MemoryAccount {
  const figures = needs(layout, load);
  const usableBytes = hardware?.usableBytes;
  return {
    device: layout.device,
    ...figures,
    ...(usableBytes === undefined
      ? {}
      : {
          usableBytes,
          headroomBytes: usableBytes - figures.requiredBytes,
          fits: figures.requiredBytes <= usableBytes,
        }),
    explanation: explain(layout, load, figures, hardware),
  };
}

/** The account in one clause, for a server on so many GPUs: `13.5 GiB of weights + … = 15.2 GiB; one NVIDIA T4 has 14.6 GiB usable`. */
export function accountInWords(account: MemoryAccount, gpus: number, label: string): string {
  const parts = [
    `${formatBytes(account.weightsBytes)} of weights`,
    `${formatBytes(account.kvCacheBytes)} of KV cache`,
    `${formatBytes(account.overheadBytes)} of overhead`,
  ].join(' + ');
  const usable = account.usableBytes === undefined ? '' : `; ${label} has ${formatBytes(account.usableBytes)} usable`;
  return `${parts} = ${formatBytes(account.requiredBytes)}${onEach(gpus)}${usable}`;
}

/** ` on each of 2 GPUs`, or nothing where there is one device. */
export function onEach(gpus: number): string {
  return gpus > 1 ? ` on each of ${gpus} GPUs` : '';
}

function explain(layout: Layout, load: Load, figures: Needs, hardware: Hardware | undefined): string[] {
  const { model, tensorParallel, pipelineParallel } = layout;
  const { entry, quantisation } = model;
  const ways = tensorParallel * pipelineParallel;
  const share =
    ways === 1
      ? ''
      : `, ${tensorParallel > 1 ? 'each layer shared by' : 'layers spread over'} ${plural(ways, 'GPU')}: ${formatBytes(figures.weightsBytes)} on the fullest`;
  const weights =
    quantisation === undefined
      ? `${(entry.architecture.parameters / 1e9).toFixed(2)} billion parameters in ${entry.kind === 'image' ? entry.weightType : ''} are ${formatBytes(totalWeights(model))}`
      : `the ${quantisation.name} file is ${formatBytes(quantisation.bytes)}`;
  const perToken = kvCacheBytesPerToken(entry.architecture, 'float16', { tensorParallel, pipelineParallel });
  const lines = [
    `Weights: ${weights}${share}.`,
    `KV cache: ${plural(load.parallel, 'request')} of ${load.contextLength} tokens at ${formatKiB(perToken)} per token (2 bytes per element) are ${formatBytes(figures.kvCacheBytes)}.`,
    `Overhead: the runtime's own memory and the activations of a full context are ${formatBytes(figures.overheadBytes)}.`,
    hardware?.usableBytes === undefined
      ? 'Usable: not known.'
      : `Usable: ${hardware.label} offers ${formatBytes(hardware.usableBytes)} to software.`,
  ];
  if (entry.kind === 'image') {
    lines.push(
      `The preset's own figure is ${entry.gpuMemoryTotalGiB} GiB in total over ${plural(entry.gpuCount, 'GPU')}; it is shown for comparison and decides nothing.`,
    );
  }
  return lines;
}

function formatKiB(bytes: number): string {
  return `${(bytes / 1024).toFixed(bytes % 1024 === 0 ? 0 : 1)} KiB`;
}
