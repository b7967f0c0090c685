import type { DataType, ModelArchitecture } from '../model.ts';
import { bytesOf } from './data-type.ts';

/**
 * Bytes of a model's weights: parameters × bits per element. For a mixture of experts all experts count, since all are resident.
 * A catalog's measured file size (`Quantisation.bytes`) is better where there is one.
 */
export function weightsBytes(architecture: ModelArchitecture, type: DataType): number {
  return bytesOf(architecture.parameters, type);
}

export interface Parallelism {
  /** GPUs that share each layer. */
  readonly tensorParallel?: number;
  /** Groups of GPUs that hold consecutive layers. */
  readonly pipelineParallel?: number;
}

/**
 * Bytes of the fullest GPU when something is sharded by tensor and pipeline parallelism. Pipeline stages hold whole layers, so with 32
 * layers over 3 stages the fullest holds 11/32; pass `layers` for that, else stages are taken as even. No share is rounded down:
 * the share times the number of GPUs is never less than the whole.
 */
export function splitAcross(
  bytes: number,
  { tensorParallel = 1, pipelineParallel = 1 }: Parallelism,
  layers?: number,
): number {
  const fullest = layers === undefined ? 1 : layersOfFullestStage(layers, pipelineParallel);
  const all = layers ?? pipelineParallel;
  // Of all layers nothing is divided: beyond 2^53 the product of the two is not exact.
  return Math.ceil((fullest === all ? bytes : (bytes * fullest) / all) / tensorParallel);
}

/** Layers of the fullest pipeline stage. */
export function layersOfFullestStage(layers: number, pipelineParallel: number): number {
  return Math.ceil(layers / pipelineParallel);
}
