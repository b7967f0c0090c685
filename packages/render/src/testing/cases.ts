import type { Workspace } from '@kaito/api';
import { loadCatalog } from '@kaito/catalog';
import { nothingKnown, type Plan, plan } from '@kaito/planner';
import { objectsOf, toYaml } from '../to-yaml.ts';
import { render } from '../render.ts';

export const catalog = loadCatalog();
export const serverImage = 'registry.example/kaito-server:1.0.0';

/** A Workspace and what is special about it, by the name of its golden file. */
export type Cases = Readonly<Record<string, Workspace>>;

interface Fields {
  readonly name: string;
  readonly preset?: NonNullable<Workspace['inference']>['preset'];
  readonly instanceType?: string;
  readonly count?: number;
  readonly preferredNodes?: readonly string[];
  readonly annotations?: Record<string, string>;
  readonly inference?: NonNullable<Workspace['inference']>;
}

export function workspaceOf({
  name,
  preset,
  instanceType,
  count = 1,
  preferredNodes,
  annotations,
  inference,
}: Fields): Workspace {
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: {
      name,
      namespace: 'team',
      uid: '3d9c7f0e-5a0a-4a53-9c1e-1f6f3f0f9a11',
      ...(annotations && { annotations }),
    },
    resource: {
      count,
      ...(instanceType !== undefined && { instanceType }),
      labelSelector: { matchLabels: { apps: name } },
      ...(preferredNodes && { preferredNodes: [...preferredNodes] }),
    },
    inference: { ...(preset && { preset }), ...inference },
  };
}

/** A machine type with room for every preset, and how many of it. */
function machines(preset: string): { readonly instanceType: string; readonly count: number } {
  const sharded = preset.startsWith('llama-2-70b');
  return { instanceType: 'Standard_NC96ads_A100_v4', count: sharded ? 2 : 1 };
}

function presetCases(): Cases {
  const entries = catalog.models.map((model): readonly [string, Workspace] => {
    const gated = model.kind === 'image' && model.access === 'private';
    const machine = model.kind === 'image' ? machines(model.name) : { instanceType: 'Standard_D64s_v5', count: 1 };
    return [
      model.name,
      workspaceOf({
        name: `workspace-${model.name}`.replaceAll(/[^a-z0-9-]/g, '-').slice(0, 52),
        preset: { name: model.name, ...(gated && { presetOptions: { image: `registry.example/${model.name}:1` } }) },
        ...machine,
      }),
    ];
  });
  return Object.fromEntries(entries);
}

const smollm = { name: 'smollm2-135m-instruct' };
const mistral = { name: 'mistral-7b-instruct' };
const gpus = { instanceType: 'Standard_NC64as_T4_v3' };

const variations: Cases = {
  'load-balancer': workspaceOf({
    name: 'public',
    preset: mistral,
    ...gpus,
    annotations: { 'kaito.sh/enablelb': 'True' },
  }),
  'load-balancer-internal': workspaceOf({
    name: 'internal',
    preset: mistral,
    ...gpus,
    annotations: { 'kaito.sh/enablelb': 'True', 'kaito.sh/internal-lb': 'True' },
  }),
  'private-image': workspaceOf({
    name: 'private',
    preset: {
      ...mistral,
      presetOptions: {
        image: 'kaitolab.azurecr.io/mistral-7b-instruct:0.0.2',
        imagePullSecrets: ['registry-login'],
        modelAccessSecret: 'hub',
      },
    },
    ...gpus,
  }),
  'existing-nodes': workspaceOf({ name: 'existing', preset: smollm, preferredNodes: ['node-b', 'node-a'] }),
  'server-on-gpu': workspaceOf({ name: 'small-on-gpu', preset: smollm, instanceType: 'Standard_NC4as_T4_v3' }),
  adapters: workspaceOf({
    name: 'tuned',
    preset: smollm,
    instanceType: 'Standard_D8s_v5',
    inference: {
      adapters: [
        { source: { name: 'tone', urls: ['https://models.example/tone.gguf'] }, strength: '0.5' },
        { source: { name: 'style', image: 'registry.example/style:2' } },
      ],
    },
  }),
  template: workspaceOf({
    name: 'own-pod',
    ...gpus,
    inference: {
      template: {
        metadata: { labels: { team: 'a' } },
        spec: {
          containers: [
            { name: 'main', image: 'registry.example/own:1', resources: { limits: { 'nvidia.com/gpu': '1' } } },
          ],
          tolerations: [{ key: 'sku', operator: 'Exists', effect: 'NoSchedule' }],
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
              },
            },
          },
        },
      },
    },
  }),
};

export const cases: Cases = { ...presetCases(), ...variations };

export function planFor(workspace: Workspace): Plan {
  return plan(workspace, catalog, nothingKnown, { target: 'cluster' });
}

/** The golden files: path below packages/render, and text. */
export function goldenFiles(): readonly { readonly path: string; readonly text: string }[] {
  return Object.entries(cases).map(([name, workspace]) => ({
    path: `src/testing/golden/${name}.yaml`,
    text: toYaml(objectsOf(render(planFor(workspace), workspace, { serverImage }))),
  }));
}
