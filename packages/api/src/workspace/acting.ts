/** Who acts on a field of a Workspace. */
export type Actor = 'api' | 'planner' | 'local' | 'diagnosis' | 'API server';

/**
 * One row: a leaf of the schema, or a branch whose leaves all share the row. `[]` stands for any item of a list. Either somebody acts
 * on it, and a test proves it, or it is refused by name.
 */
export type ActingRow =
  | {
      readonly field: string;
      readonly actors: readonly Actor[];
      readonly effect: string;
      /** A test file, from the repository's root, that proves the effect. */
      readonly test: string;
    }
  | { readonly field: string; readonly notSupported: { readonly reason: string; readonly remedy: string } };

const metadata = 'packages/api/src/workspace/metadata.test.ts';
const resource = 'packages/api/src/workspace/resource.test.ts';
const planner = 'packages/planner/src/planner.test.ts';
const knowledge = 'packages/planner/src/knowledge.test.ts';
const local = 'packages/planner/src/local.test.ts';
const server = ['API server'] as const;

export const acting: readonly ActingRow[] = [
  {
    field: 'apiVersion',
    actors: ['api'],
    effect: 'v1alpha1 and v1beta1 mean the same.',
    test: 'packages/api/src/workspace/convert.test.ts',
  },
  {
    field: 'kind',
    actors: ['api'],
    effect: 'Other kinds in a file are passed over.',
    test: 'packages/api/src/workspace/parse.test.ts',
  },
  {
    field: 'metadata.name',
    actors: ['api', 'planner'],
    effect: 'Names the Workspace, its Service and its workload.',
    test: metadata,
  },
  {
    field: 'metadata.namespace',
    actors: ['api', 'planner'],
    effect: 'Where the Workspace and all that belongs to it lives.',
    test: metadata,
  },
  { field: 'metadata.labels', actors: ['api'], effect: 'For people and their selectors.', test: metadata },
  {
    field: 'metadata.annotations',
    actors: ['api', 'planner'],
    effect: 'Those of kaito.sh switch behaviour.',
    test: planner,
  },
  ...[
    'generateName',
    'finalizers',
    'uid',
    'generation',
    'resourceVersion',
    'selfLink',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'ownerReferences',
    'managedFields',
  ].map((name) => ({
    field: `metadata.${name}`,
    actors: server,
    effect: 'As in every Kubernetes object.',
    test: metadata,
  })),
  { field: 'resource.count', actors: ['api', 'planner'], effect: 'Machines wanted; 1 when absent.', test: planner },
  {
    field: 'resource.instanceType',
    actors: ['api', 'planner'],
    effect: 'The machine type to rent; empty: existing nodes only.',
    test: planner,
  },
  {
    field: 'resource.labelSelector.matchLabels',
    actors: ['api', 'planner'],
    effect: 'Selects the machines; rented ones get the labels.',
    test: knowledge,
  },
  {
    field: 'resource.labelSelector.matchExpressions[].key',
    actors: ['api', 'planner'],
    effect: 'As matchLabels.',
    test: planner,
  },
  {
    field: 'resource.labelSelector.matchExpressions[].operator',
    actors: ['api'],
    effect: 'In is the only one.',
    test: resource,
  },
  {
    field: 'resource.labelSelector.matchExpressions[].values',
    actors: ['api', 'planner'],
    effect: 'As matchLabels; one value.',
    test: knowledge,
  },
  { field: 'resource.preferredNodes', actors: ['planner'], effect: 'Nodes to use before others.', test: resource },
  {
    field: 'resource.partition',
    notSupported: {
      reason: 'parts of a GPU cannot be assigned yet',
      remedy: 'Remove it; the model then gets whole GPUs.',
    },
  },
  { field: 'inference.preset.name', actors: ['planner'], effect: 'The model.', test: planner },
  { field: 'inference.preset.accessMode', actors: ['api', 'planner'], effect: 'public when absent.', test: planner },
  {
    field: 'inference.preset.presetOptions.image',
    actors: ['api', 'planner'],
    effect: "Run instead of the preset's own image, in both versions.",
    test: planner,
  },
  {
    field: 'inference.preset.presetOptions.imagePullSecrets',
    actors: ['api', 'planner'],
    effect: 'Secrets for pulling the image.',
    test: planner,
  },
  {
    field: 'inference.preset.presetOptions.modelAccessSecret',
    actors: ['api', 'planner'],
    effect: 'Opens a gated model.',
    test: planner,
  },
  {
    field: 'inference.template',
    actors: ['api', 'planner'],
    effect: 'Run instead of a preset; unknown fields are kept.',
    test: planner,
  },
  {
    field: 'inference.config',
    notSupported: {
      reason: 'settings of the inference server are not read from a ConfigMap yet',
      remedy: 'Remove it; context length and parallel requests are options of kaito plan and kaito up.',
    },
  },
  {
    field: 'inference.adapters[].source.name',
    actors: ['api', 'planner'],
    effect: 'Names the adapter.',
    test: planner,
  },
  {
    field: 'inference.adapters[].source.urls',
    actors: ['api', 'planner'],
    effect: 'Where the adapter is fetched.',
    test: local,
  },
  {
    field: 'inference.adapters[].source.image',
    actors: ['api', 'planner'],
    effect: 'The image the adapter is taken from.',
    test: planner,
  },
  {
    field: 'inference.adapters[].source.imagePullSecrets',
    notSupported: {
      reason: "an adapter's image is pulled with the Secrets of the model's",
      remedy: 'Name the Secret in inference.preset.presetOptions.imagePullSecrets.',
    },
  },
  {
    field: 'inference.adapters[].source.volumeSource',
    notSupported: { reason: 'adapters are not read from volumes yet', remedy: 'Use urls or image.' },
  },
  {
    field: 'inference.adapters[].strength',
    actors: ['api', 'planner'],
    effect: 'How strongly the adapter acts; "1.0" when absent.',
    test: local,
  },
  {
    field: 'tuning',
    notSupported: {
      reason: 'models cannot be tuned yet',
      remedy: 'Use inference; adapters tuned elsewhere go to inference.adapters.',
    },
  },
  ...[
    'rootCause',
    'phases',
    'plan',
    'nodeClaims',
    'endpoint',
    'workerNodes',
    'conditions',
    'state',
    'targetNodeCount',
    'observedGeneration',
    'performance',
  ].map((name) => ({
    field: `status.${name}`,
    actors: ['diagnosis'] as const,
    effect: 'Written by the system; ignored in a manifest.',
    test: metadata,
  })),
];
