import { type ImagePreset, loadCatalog } from '@kaito/catalog';
import { type RuntimeChoice, nothingKnown, plan } from '@kaito/planner';

const catalog = loadCatalog();

/** Every preset with an image of its own. */
export const imagePresets: readonly ImagePreset[] = catalog.models.filter((model) => model.kind === 'image');

export function presetNamed(name: string): ImagePreset {
  const found = imagePresets.find((preset) => preset.name === name);
  if (found === undefined) throw new Error(`the catalog has no preset ${name} with an image`);
  return found;
}

/** Where the planner has the ranks of the Workspace meet. */
export const rendezvousHost = 'workspace-0.workspace-headless.team.svc.cluster.local';

/** What `/bin/sh -c` is given in the pods of a Workspace with that preset on so many machines, by the planner itself. */
export function launchLine(preset: ImagePreset, machines: number): string {
  const [shell, option, line] = runtimeOf(preset, machines).argv;
  if (shell !== '/bin/sh' || option !== '-c' || line === undefined) {
    throw new Error(`${preset.name} has no launch line on ${machines} machines`);
  }
  return line;
}

/** The image of those pods, where the Workspace of a public preset names none. */
export function imageOf(preset: ImagePreset): string | undefined {
  return runtimeOf(preset, 1).image;
}

function runtimeOf({ name, access }: ImagePreset, machines: number): RuntimeChoice {
  const presetOptions = access === 'private' ? { presetOptions: { image: 'registry.example/own:1' } } : {};
  const { runtime } = plan(
    {
      apiVersion: 'kaito.sh/v1beta1',
      kind: 'Workspace',
      metadata: { name: 'workspace', namespace: 'team' },
      resource: {
        count: machines,
        instanceType: 'Standard_NC96ads_A100_v4',
        labelSelector: { matchLabels: { apps: name } },
      },
      inference: { preset: { name, ...presetOptions } },
    },
    catalog,
    nothingKnown,
    { target: 'cluster' },
  );
  if (runtime === undefined) throw new Error(`${name} does not fit on ${machines} machines`);
  return runtime;
}
