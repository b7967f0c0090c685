/** Element types of weights and KV cache. Quantised GGUF types carry their llama.cpp names, e.g. `q4_k_m` (a mixture) or `q8_0`. */
export type DataType = 'float32' | 'float16' | 'bfloat16' | 'fp8' | 'int8' | (string & {});

/** The shape of a decoder-only transformer, as its `config.json` or GGUF header states it. Counts, never bytes. */
export interface ModelArchitecture {
  readonly family: string;
  /** Parameters in total (for a mixture of experts: all experts). */
  readonly parameters: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly attentionHeads: number;
  /** Key/value heads: equal to attentionHeads for MHA, 1 for MQA, between for GQA. */
  readonly kvHeads: number;
  /** Size of one head in elements. */
  readonly headDimension: number;
  readonly vocabularySize: number;
  /** Trained context in tokens. */
  readonly contextLength: number;
  /** Sliding attention window in tokens, where the model has one. */
  readonly slidingWindow?: number;
  /** Layers that attend through the window; absent: all of them. */
  readonly slidingWindowLayers?: number;
  /** Feed-forward width in elements of one layer (of one expert); absent where unknown. */
  readonly feedForwardSize?: number;
  /** Multi-head latent attention: elements of the compressed KV and of the rotary key per token and layer. */
  readonly mla?: { readonly kvLoraRank: number; readonly ropeHeadDimension: number };
}

/** Where weights can be had; sources are tried in order. Same shape as the weights package takes. */
export type WeightSource =
  | { readonly type: 'hub'; readonly repository: string; readonly revision: string; readonly file: string }
  | { readonly type: 'oci'; readonly reference: string; readonly file?: string }
  | { readonly type: 'https'; readonly url: string }
  | { readonly type: 'pip'; readonly package: string; readonly version: string; readonly file: string }
  | { readonly type: 'path'; readonly path: string };

export interface License {
  /** SPDX identifier or the licence's own name. */
  readonly name: string;
  readonly url?: string;
  /** True where the publisher gives weights only to accounts that accepted the licence. */
  readonly gated: boolean;
}

/** Where a figure comes from: a URL or document title, and the day it was read (ISO date). */
export interface Provenance {
  readonly source: string;
  readonly asOf?: string;
}

/** HTTP flavour that the model's server speaks (see the server package's `--api`). */
export type ApiFlavour = 'text-generation' | 'llama-completion' | 'llama-chat';

interface ModelCommon {
  /** Preset name as written in `inference.preset.name`. */
  readonly name: string;
  /** Other names that the field uses for it, in lower case: the publisher's repository, the short names of KAITO v0.12. */
  readonly aliases?: readonly string[];
  readonly family: string;
  readonly title: string;
  readonly license: License;
  readonly architecture: ModelArchitecture;
  readonly provenance: Provenance;
  readonly apiFlavour: ApiFlavour;
  readonly chat: boolean;
}

/** A model served by its own image (the presets of KAITO v0.2): weights inside the image, GPU only. */
export interface ImagePreset extends ModelCommon {
  readonly kind: 'image';
  /** Repository below the preset registry, e.g. `kaito-mistral-7b-instruct`; absent for private presets. */
  readonly image?: { readonly repository: string; readonly tag: string };
  readonly access: 'public' | 'private';
  readonly weightType: DataType;
  /** Disk the image and weights need, GiB. */
  readonly diskGiB: number;
  readonly gpuCount: number;
  /** The preset's own figures, GiB; shown beside the account, never decisive. */
  readonly gpuMemoryTotalGiB: number;
  readonly gpuMemoryPerGpuGiB: number;
  readonly readinessTimeoutMinutes: number;
  readonly workload: 'Deployment' | 'StatefulSet';
  /** Ranks of the distributed job; 0 or 1 where there is one process. */
  readonly worldSize: number;
  readonly launch: {
    readonly workingDirectory?: string;
    readonly command: 'accelerate' | 'torchrun';
    /** Flags of the launcher, in the order they are rendered. */
    readonly launcherFlags: Readonly<Record<string, string>>;
    readonly script: string;
    readonly modelFlags: Readonly<Record<string, string>>;
  };
  /** Name of the GGUF model that stands in for this preset on a machine without such GPUs. */
  readonly quantisedEquivalent?: string;
}

/** One quantised file of a GGUF model. */
export interface Quantisation {
  /** llama.cpp's name in lower case, e.g. `q4_1`, `q4_k_m`, `q8_0`, `f16`. */
  readonly name: string;
  readonly bytes: number;
  /** True where `bytes` is parameters × bits per weight rather than the size of the published file. */
  readonly bytesEstimated?: boolean;
  /** sha256 of the file, hex with the `sha256:` prefix; absent where the publisher's digest is not known to us. */
  readonly digest?: string;
  readonly provenance?: Provenance;
  readonly sources: readonly WeightSource[];
}

/** A model that the project's own server runs with llama.cpp, on CPU or GPU. */
export interface GgufModel extends ModelCommon {
  readonly kind: 'gguf';
  readonly quantisations: readonly Quantisation[];
  /** Name of the quantisation used when nothing says otherwise. */
  readonly defaultQuantisation: string;
}

export type ModelEntry = ImagePreset | GgufModel;
