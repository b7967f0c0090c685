import * as fc from 'fast-check';
import type {
  Adapter,
  DataSource,
  InferenceSpec,
  LabelSelector,
  ObjectMeta,
  Preset,
  PresetOptions,
  ResourceSpec,
  Workspace,
} from '../workspace.ts';
import { workspaceVersions } from '../workspace.ts';

type Arbitraries<T> = { [K in keyof T]?: fc.Arbitrary<T[K]> };

/** An object of the required keys and any of the others; an absent field has no key. */
function record<T extends object>(fields: Arbitraries<T>, required: (keyof T & string)[]): fc.Arbitrary<T> {
  return fc.record(fields as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: required,
    noNullPrototype: true,
  }) as unknown as fc.Arbitrary<T>;
}

const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$/);
const objectName = fc.stringMatching(/^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$/);
const image = fc
  .tuple(fc.constantFrom('', 'acr.azurecr.io/', 'localhost:5000/'), label, fc.constantFrom('', ':0.0.2', ':latest'))
  .map((parts) => parts.join(''));
const labels = fc.dictionary(
  fc.oneof(
    label,
    label.map((name) => `example.com/${name}`),
  ),
  label,
  { maxKeys: 4, noNullPrototype: true },
);

const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  labels.map((matchLabels) => ({ matchLabels })),
  labels.map((map) => ({
    matchExpressions: Object.entries(map).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
  })),
);

const resource = record<ResourceSpec>(
  {
    count: fc.integer({ min: 1, max: 1000 }),
    instanceType: fc.constantFrom('', 'Standard_NC64as_T4_v3', 'Standard_NC24ads_A100_v4', 'Standard_D8s_v5'),
    labelSelector: selector,
    preferredNodes: fc.array(label, { maxLength: 3 }),
  },
  ['labelSelector'],
);

const adapter = (name: string): fc.Arbitrary<Adapter> =>
  record<Adapter>(
    {
      source: fc.oneof(
        fc.constant<DataSource>({ name, urls: [`https://example.com/${name}.gguf`] }),
        image.map((image) => ({ name, image })),
      ),
      strength: fc.constantFrom('0', '0.5', '1', '1.0'),
    },
    ['source'],
  );

const adapters = fc
  .uniqueArray(objectName, { maxLength: 3 })
  .chain((names) => fc.tuple(...names.map((name) => adapter(name))));

const presetOptions = record<PresetOptions>(
  { image, imagePullSecrets: fc.array(objectName, { maxLength: 3 }), modelAccessSecret: objectName },
  [],
);
const preset = record<Preset>(
  {
    name: fc.constantFrom('mistral-7b-instruct', 'llama-2-7b', 'phi-2', 'smollm2-135m-instruct', 'someone/model'),
    accessMode: fc.constantFrom('public' as const, 'private' as const),
    presetOptions,
  },
  ['name'],
);

/** What JSON can hold: no -0. */
const json = fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(text));

const template = record<Record<string, unknown>>(
  {
    metadata: fc.constant({ labels: { app: 'mine' } }),
    spec: fc
      .tuple(objectName, image, fc.dictionary(label, json, { maxKeys: 3, noNullPrototype: true }))
      .map(([name, image, extra]) => ({ containers: [{ ...extra, name, image }] })),
  },
  ['spec'],
);

const inference = fc.oneof(
  record<InferenceSpec>({ preset, adapters }, ['preset']),
  record<InferenceSpec>({ template }, ['template']),
);

/** Any Workspace that `validateWorkspace` admits, in either version, with and without each supported field. */
export const workspaceArbitrary: fc.Arbitrary<Workspace> = record<Workspace>(
  {
    apiVersion: fc.constantFrom(...workspaceVersions),
    kind: fc.constant('Workspace' as const),
    metadata: record<ObjectMeta>(
      {
        name: objectName,
        namespace: label,
        uid: fc.uuid(),
        generation: fc.nat(),
        labels,
        annotations: fc.dictionary(label, fc.string(), { maxKeys: 3, noNullPrototype: true }),
      },
      ['name'],
    ),
    resource,
    inference,
    status: fc.constant({ workerNodes: ['node-1'], state: 'Ready' as const }),
  },
  ['apiVersion', 'kind', 'metadata', 'inference'],
);
