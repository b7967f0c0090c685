import type { ChosenModel } from './choose-model.ts';
import {
  carries,
  comfortableContext,
  firstThatFits,
  fitLoad,
  layoutsOn,
  leastLoad,
  type Wish,
  wishFor,
} from './fit.ts';
import type { Hardware } from './hardware.ts';
import { accountOf, type Layout, type Load } from './memory.ts';
import type { MemoryAccount, PlanOptions, ShapeChoice } from './plan.ts';

/** A model laid out on hardware. Pure arithmetic: what it means is said elsewhere. */
export interface Fit {
  readonly wish: Wish;
  readonly layout: Layout;
  readonly load: Load;
  readonly account: MemoryAccount;
  /** Pods of one distributed job; 1 where each pod is a server of its own. */
  readonly nodes: number;
  readonly gpusPerPod: number;
  /** GPUs of one server over all its pods; 0 on a CPU. */
  readonly gpus: number;
}

/**
 * Lays a model out on hardware: the fewest GPUs that carry it, the load nearest to what is wanted. Where nothing fits, the account of the
 * layout that comes nearest, with `fits: false`; undefined where the machine has too few GPUs for a layout at all.
 */
export function fitModel(
  model: ChosenModel,
  hardware: Hardware | undefined,
  machines: number,
  options: PlanOptions,
): Fit | undefined {
  const nodes = model.entry.kind === 'image' && model.entry.workload === 'StatefulSet' ? machines : 1;
  const layouts = layoutsOn(model, hardware, nodes);
  const wish = wishFor(model.entry, hardware, options);
  const usableBytes = hardware?.usableBytes;
  const layout = choose(layouts, wish, usableBytes);
  if (layout === undefined) return undefined;
  const gpus = layout.device === 'gpu' ? layout.tensorParallel * layout.pipelineParallel : 0;
  const load = fitLoad(layout, wish, usableBytes) ?? leastLoad(wish);
  return {
    wish,
    layout,
    load,
    account: accountOf(layout, load, hardware),
    nodes,
    gpusPerPod: gpus / nodes,
    gpus,
  };
}

/** Our own server takes one more GPU for a comfortable context; an image takes what its preset asks, and more only to fit at all. */
function choose(layouts: readonly Layout[], wish: Wish, usableBytes: number | undefined): Layout | undefined {
  const comfortable = layouts.find(
    (layout) =>
      layout.model.entry.kind === 'gguf' &&
      carries(
        layout,
        { ...leastLoad(wish), contextLength: Math.min(wish.contextLength, comfortableContext) },
        usableBytes,
      ),
  );
  return comfortable ?? firstThatFits(layouts, wish, usableBytes) ?? layouts.at(-1);
}

/** Layers that the GPUs hold when not all fit: each takes an even share of weights and KV cache, beside the overhead. */
export function layersOnGpus(fit: Fit, gpus: Hardware): number {
  const { weightsBytes, kvCacheBytes, overheadBytes } = fit.account;
  const { layers } = fit.layout.model.entry.architecture;
  const room = (gpus.gpus ?? 0) * Math.max(0, (gpus.usableBytes ?? 0) - overheadBytes);
  return Math.min(layers, Math.floor((room * layers) / (weightsBytes + kvCacheBytes)));
}

/** The Plan's shape of a fit. */
export function shapeOf(fit: Fit, replicas: number, options: PlanOptions, cores: number | undefined): ShapeChoice {
  const { layout, load, gpusPerPod } = fit;
  const { entry } = layout.model;
  const local = options.target === 'local';
  return {
    workload: local ? 'Process' : entry.kind === 'image' ? entry.workload : 'Deployment',
    replicas: local ? 1 : replicas,
    gpusPerPod,
    tensorParallel: layout.tensorParallel,
    pipelineParallel: layout.pipelineParallel,
    contextLength: load.contextLength,
    parallel: load.parallel,
    ...(layout.device === 'host' && cores !== undefined ? { threads: threadsOn(cores, local) } : {}),
  };
}

/** Threads of the server: whole cores, and in a cluster one fewer, since the node's own programs need some and busy cores stall llama.cpp. */
function threadsOn(cores: number, local: boolean): number {
  return Math.max(1, Math.floor(cores) - (local ? 0 : 1));
}
