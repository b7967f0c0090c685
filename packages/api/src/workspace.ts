/** `metadata` of a Kubernetes object, as far as KAITO reads it; unknown fields are kept. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  generation?: number;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  [field: string]: unknown;
}

export interface LabelSelectorRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: string[];
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelSelectorRequirement[];
}

/** Which machines the Workspace runs on, and how many. */
export interface ResourceSpec {
  /** Machines wanted; default 1. For a Deployment preset each machine runs one server. */
  count?: number;
  /** Machine type to provision, e.g. `Standard_NC64as_T4_v3`. Empty: use existing nodes only, rent nothing. */
  instanceType?: string;
  labelSelector: LabelSelector;
  preferredNodes?: string[];
  /** A part of a GPU (v1beta1). */
  partition?: { mode: 'mig' | 'accelerator'; profile?: string; count?: number };
}

export interface PresetOptions {
  /** The model image to run instead of the preset's own; honoured for every preset, in both versions. */
  image?: string;
  /** Names of pull Secrets in the Workspace's namespace. */
  imagePullSecrets?: string[];
  /** Name of a Secret with the key `HF_TOKEN`. */
  modelAccessSecret?: string;
}

export interface Preset {
  name: string;
  accessMode?: 'public' | 'private';
  presetOptions?: PresetOptions;
}

export interface DataSource {
  name?: string;
  urls?: string[];
  volumeSource?: Record<string, unknown>;
  image?: string;
  imagePullSecrets?: string[];
}

export interface DataDestination {
  volumeSource?: Record<string, unknown>;
  image?: string;
  imagePushSecret?: string;
}

export interface Adapter {
  source?: DataSource;
  /** Decimal in [0, 1] as a string; default "1.0". */
  strength?: string;
}

export interface InferenceSpec {
  preset?: Preset;
  /** A core/v1 PodTemplateSpec run instead of a preset; kept as written. */
  template?: Record<string, unknown>;
  /** Name of a ConfigMap with the key `inference_config.yaml`. */
  config?: string;
  adapters?: Adapter[];
}

export interface TuningSpec {
  preset?: Preset;
  method?: string;
  config?: string;
  input?: DataSource;
  output?: DataDestination;
}

/** `metav1.Condition`. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  /** RFC 3339. */
  lastTransitionTime: string;
  observedGeneration?: number;
}

export type WorkspaceState = 'Pending' | 'Ready' | 'NotReady' | 'Running' | 'Succeeded' | 'Failed';

/** The one cause that a person should look at first, absent exactly when the Workspace is Ready. */
export interface WorkspaceRootCause {
  code: string;
  message: string;
  /** Who moves next. */
  needs: 'person' | 'time';
  remedy?: string;
}

/** A stage on the way to Ready. Times are RFC 3339; what runs has no end yet. */
export interface WorkspacePhase {
  name: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  startedAt?: string;
  endedAt?: string;
  expectedSeconds?: number;
  detail?: string;
}

/** What was decided, in short; the whole of it is in the ControllerRevision of that name. */
export interface WorkspacePlanSummary {
  revision: string;
  model?: string;
  image?: string;
  replicas?: number;
  gpusPerPod?: number;
  contextLength?: number;
  machines?: number;
  /** E.g. `3.06 USD/h`. */
  price?: string;
}

/** A machine that was asked for: `attempt` counts how often it was given up and asked for anew. */
export interface WorkspaceNodeClaim {
  ordinal: number;
  attempt: number;
  name: string;
}

export interface WorkspaceStatus {
  rootCause?: WorkspaceRootCause;
  phases?: WorkspacePhase[];
  plan?: WorkspacePlanSummary;
  nodeClaims?: WorkspaceNodeClaim[];
  /** Base URL inside the cluster, while Ready. */
  endpoint?: string;
  workerNodes?: string[];
  conditions?: Condition[];
  state?: WorkspaceState;
  targetNodeCount?: number;
  observedGeneration?: number;
  performance?: {
    metrics?: Record<string, { description: string; value: string; unit?: string; config?: Record<string, string> }>;
  };
  [field: string]: unknown;
}

export const workspaceVersions = ['kaito.sh/v1alpha1', 'kaito.sh/v1beta1'] as const;

/** A model on a kind of machine. `resource`, `inference` and `tuning` stand beside `metadata`; there is no `spec`. */
export interface Workspace {
  apiVersion: (typeof workspaceVersions)[number];
  kind: 'Workspace';
  metadata: ObjectMeta;
  resource?: ResourceSpec;
  inference?: InferenceSpec;
  tuning?: TuningSpec;
  status?: WorkspaceStatus;
}
