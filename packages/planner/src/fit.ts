import { longestContext, type ModelEntry } from '@kaito/catalog';
import type { ChosenModel } from './choose-model.ts';
import type { Hardware } from './hardware.ts';
import { type Layout, type Load, needs } from './memory.ts';
import type { PlanOptions } from './plan.ts';

/** Below so many tokens a server is of no use, so nothing is bounded to less. Our choice. */
const leastContext = 256;
/** Context that is kept before requests at once are given up, and the context planned for hardware that is not known. Our choice. */
export const comfortableContext = 4096;
/** Bounded contexts are multiples of this, tokens. */
const contextStep = 16;

/** The load that was asked for, or is usual for the model. */
export interface Wish extends Load {
  /** True where the figure was asked for, so that it is kept or refused, never lowered. */
  readonly contextFixed: boolean;
  readonly parallelFixed: boolean;
}

/** The load to aim at, before memory is looked at. */
export function wishFor(entry: ModelEntry, hardware: Hardware | undefined, options: PlanOptions): Wish {
  const trained = entry.architecture.contextLength;
  const asked = usable(options.contextLength);
  const bounded = options.target === 'local' || hardware?.usableBytes === undefined;
  const usual = contextFlag(entry) ?? (bounded ? Math.min(trained, comfortableContext) : trained);
  return {
    contextLength: Math.min(asked ?? usual, trained),
    contextFixed: asked !== undefined,
    ...parallelWish(entry, hardware, options),
  };
}

/** The server of accelerate presets answers one request at a time; torchrun's has its batch as a flag; ours takes several. */
function parallelWish(
  entry: ModelEntry,
  hardware: Hardware | undefined,
  options: PlanOptions,
): Pick<Wish, 'parallel' | 'parallelFixed'> {
  const asked = usable(options.parallel);
  if (entry.kind === 'image') {
    const batch = entry.launch.modelFlags['max_batch_size'];
    return { parallel: batch === undefined ? 1 : (asked ?? Number(batch)), parallelFixed: true };
  }
  return { parallel: asked ?? usualParallel(hardware), parallelFixed: asked !== undefined };
}

/** More requests at once than this gain nothing on so few cores; multiples of 4 decode best in llama.cpp. */
function usualParallel(hardware: Hardware | undefined): number {
  if (hardware?.device === 'gpu') return 8;
  const cores = hardware?.cores;
  if (cores === undefined) return 4;
  return cores >= 8 ? 8 : cores >= 2 ? 4 : 2;
}

function contextFlag(entry: ModelEntry): number | undefined {
  const flag = entry.kind === 'image' ? entry.launch.modelFlags['max_seq_len'] : undefined;
  return flag === undefined ? undefined : Number(flag);
}

function usable(figure: number | undefined): number | undefined {
  return figure !== undefined && Number.isSafeInteger(figure) && figure >= 1 ? figure : undefined;
}

/** The least load that a layout must carry to be called fitting. */
export function leastLoad(wish: Wish): Load {
  return {
    contextLength: wish.contextFixed ? wish.contextLength : Math.min(wish.contextLength, leastContext),
    parallel: wish.parallelFixed ? wish.parallel : 1,
  };
}

/** True where the layout carries the load, and where the memory is not known. */
export function carries(layout: Layout, load: Load, usableBytes: number | undefined): boolean {
  return usableBytes === undefined || needs(layout, load).requiredBytes <= usableBytes;
}

/**
 * The load nearest to the wish that fits, or undefined where not even the least does. Context is shortened down to a comfortable one first,
 * then requests at once are given up, then context again.
 */
export function fitLoad(layout: Layout, wish: Wish, usableBytes: number | undefined): Load | undefined {
  const least = leastLoad(wish);
  if (!carries(layout, least, usableBytes)) return undefined;
  const enough = wish.contextFixed ? wish.contextLength : Math.min(wish.contextLength, comfortableContext);
  for (
    let parallel = wish.parallel;
    parallel >= least.parallel;
    parallel = parallel > 1 ? Math.floor(parallel / 2) : 0
  ) {
    const contextLength = boundContext(layout, wish.contextLength, parallel, usableBytes);
    if (contextLength >= enough || parallel === least.parallel)
      return { contextLength: Math.max(contextLength, least.contextLength), parallel };
  }
  return least;
}

function boundContext(layout: Layout, wanted: number, parallel: number, usableBytes: number | undefined): number {
  const longest = longestContext(wanted, (contextLength) => carries(layout, { contextLength, parallel }, usableBytes));
  return longest === wanted ? wanted : longest - (longest % contextStep);
}

/** How many GPUs a server may take, best first, and how the model is split over them. Empty where the machine has too few. */
export function layoutsOn(model: ChosenModel, hardware: Hardware | undefined, nodes: number): readonly Layout[] {
  const { entry } = model;
  if (entry.kind === 'image' && entry.workload === 'StatefulSet') {
    const perPod = entry.worldSize / nodes;
    const enough = Number.isInteger(perPod) && (hardware?.gpus === undefined || perPod <= hardware.gpus);
    return enough ? [{ model, device: 'gpu', tensorParallel: entry.worldSize, pipelineParallel: 1 }] : [];
  }
  if (entry.kind === 'gguf' && hardware?.device !== 'gpu') {
    return [{ model, device: 'host', tensorParallel: 1, pipelineParallel: 1 }];
  }
  const usual = entry.kind === 'image' ? entry.gpuCount : 1;
  // A torchrun checkpoint is cut for so many ranks; accelerate and llama.cpp spread whole layers over the GPUs they are given.
  const fixed = hardware?.gpus === undefined || (entry.kind === 'image' && entry.launch.command === 'torchrun');
  const most = fixed ? usual : hardware.gpus!;
  const first = Math.min(usual, most);
  return Array.from({ length: most - first + 1 }, (_, index) => ({
    model,
    device: 'gpu' as const,
    tensorParallel: 1,
    pipelineParallel: first + index,
  }));
}

/** The first layout that carries the least load; undefined where none does. */
export function firstThatFits(
  layouts: readonly Layout[],
  wish: Wish,
  usableBytes: number | undefined,
): Layout | undefined {
  const least = leastLoad(wish);
  return layouts.find((layout) => carries(layout, least, usableBytes));
}
