import type { Finding } from '@kaito/api';
import type { ApiFlavour, DataType, License, ModelEntry, Price, WeightSource } from '@kaito/catalog';

/** Where a Plan is to be carried out. */
export type Target = 'local' | 'cluster';

export interface PlanOptions {
  readonly target: Target;
  /** Quantisation of a GGUF model, e.g. `q8_0`; default: the model's own default. */
  readonly quantisation?: string;
  /** Run the GGUF equivalent of an image preset (local only). */
  readonly quantisedEquivalent?: boolean;
  /** Context wanted, tokens per request; default: as much as the model has and fits, at most 4096 locally. */
  readonly contextLength?: number;
  /** Requests served at once (local server); default by cores and memory. */
  readonly parallel?: number;
  /** Registry prefix of public preset images; default `mcr.microsoft.com/aks/kaito`. */
  readonly presetRegistry?: string;
  /** Admit although the estimate does not fit, with a warning (also `kaito.sh/bypass-resource-checks`). */
  readonly overrideEstimate?: boolean;
}

/** The memory account of one GPU (or of the host's RAM for CPU serving). All bytes. */
export interface MemoryAccount {
  readonly device: 'gpu' | 'host';
  readonly weightsBytes: number;
  readonly kvCacheBytes: number;
  readonly overheadBytes: number;
  /** weights + KV cache + overhead. */
  readonly requiredBytes: number;
  /** What the device really offers; absent when the hardware is unknown. */
  readonly usableBytes?: number;
  /** usable − required; negative when it does not fit. */
  readonly headroomBytes?: number;
  /** `true` fits, `false` does not, absent: unknown hardware. */
  readonly fits?: boolean;
  /** How each figure was computed, one line each, with the numbers in it. */
  readonly explanation: readonly string[];
}

/** A reference to a Secret's key; the Plan never holds the content. */
export interface SecretReference {
  readonly name: string;
  readonly key?: string;
}

export interface ModelChoice {
  readonly name: string;
  readonly kind: ModelEntry['kind'];
  readonly title: string;
  readonly license: License;
  readonly weightType: DataType;
  /** GGUF: the file to fetch. */
  readonly file?: {
    readonly quantisation: string;
    readonly bytes: number;
    readonly digest?: string;
    readonly sources: readonly WeightSource[];
  };
}

export interface RuntimeChoice {
  /** `server`: our own inference server; `image`: the preset's image; `template`: the person's pod template. */
  readonly kind: 'server' | 'image' | 'template';
  readonly apiFlavour: ApiFlavour;
  readonly image?: string;
  /** KAITO's public image of the same preset, where the Workspace names its own. */
  readonly publicImage?: string;
  readonly imagePullSecrets: readonly SecretReference[];
  readonly modelAccessSecret?: SecretReference;
  /** argv of the container, or flags of the local server without model path, host and port. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly adapters: readonly {
    readonly name: string;
    readonly strength: number;
    readonly source: WeightSource | { readonly type: 'image'; readonly image: string };
  }[];
}

export interface ShapeChoice {
  readonly workload: 'Deployment' | 'StatefulSet' | 'Process';
  readonly replicas: number;
  readonly gpusPerPod: number;
  readonly tensorParallel: number;
  readonly pipelineParallel: number;
  /** Tokens per request, prompt and answer together; 0 for a pod template. */
  readonly contextLength: number;
  /** Requests served at once by one server; 0 for a pod template. */
  readonly parallel: number;
  readonly threads?: number;
  /** Layers that GPUs hold (local server); 0: none, absent: not decided here. */
  readonly gpuLayers?: number;
}

export interface PlacementChoice {
  readonly instanceType?: string;
  /** Machines to rent at most: 0 where only existing nodes are used. */
  readonly machinesWanted: number;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly preferredNodes: readonly string[];
  readonly tolerations: readonly {
    readonly key: string;
    readonly operator: 'Equal' | 'Exists';
    readonly value?: string;
    readonly effect: string;
  }[];
  readonly diskGiB: number;
}

/** What would also work, best first. */
export interface Alternative {
  readonly kind: 'machine' | 'quantisation' | 'context' | 'model';
  readonly name: string;
  readonly reason: string;
  readonly pricePerHour?: Price;
}

export type PhaseName = 'Validated' | 'NodesReady' | 'ImagePulled' | 'WeightsReady' | 'ModelLoaded' | 'Serving';

/** Estimated length of a phase; seconds, with the reason of the figure. */
export interface PhaseEstimate {
  readonly phase: PhaseName;
  readonly seconds?: number;
  readonly basis: string;
}

/** What was decided, and why. Holds no Kubernetes and no ARM object. */
export interface Plan {
  readonly workspace: { readonly name: string; readonly namespace: string };
  readonly target: Target;
  /** True when no finding is an error: the Plan may be carried out. */
  readonly admitted: boolean;
  readonly findings: readonly Finding[];
  /** The four choices are absent where the input does not allow one. */
  readonly model?: ModelChoice;
  readonly runtime?: RuntimeChoice;
  readonly shape?: ShapeChoice;
  readonly placement?: PlacementChoice;
  readonly memory?: MemoryAccount;
  readonly alternatives: readonly Alternative[];
  /** Hourly price of all machines wanted; absent: unknown or nothing is rented. */
  readonly pricePerHour?: Price;
  readonly phases: readonly PhaseEstimate[];
  /** Why each choice was made, one sentence each. */
  readonly decisions: readonly { readonly about: string; readonly choice: string; readonly because: string }[];
  /** sha256 (hex) over the inputs that decide: the Workspace's own fields, the catalog entries used, options. Facts do not enter. */
  readonly inputsHash: string;
}
