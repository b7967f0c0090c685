import { type ImagePreset, loadCatalog } from '@kaito/catalog';
import { nothingKnown, plan } from '@kaito/planner';

const catalog = loadCatalog();

/** Every preset with an image of its own. */
export const imagePresets: readonly ImagePreset[] = catalog.models.filter((model) => model.kind === 'image');

/** Where the planner has the ranks of the Workspace meet. */
export const rendezvousHost = 'workspace-0.workspace-headless.team.svc.cluster.local';

/** What `/bin/sh -c` is given in the pods of a Workspace with that preset on so many machines, by the planner itself. */
export function launchLine(preset: ImagePreset, machines: number): string {
  const { runtime } = plan(
    {
      apiVersion: 'kaito.sh/v1beta1',
      kind: 'Workspace',
      metadata: { name: 'workspace', namespace: 'team' },
      resource: {
        count: machines,
        instanceType: 'Standard_NC96ads_A100_v4',
        labelSelector: { matchLabels: { apps: preset.name } },
      },
      inference: {
        preset: {
          name: preset.name,
          ...(preset.access === 'private' && { presetOptions: { image: 'registry.example/own:1' } }),
        },
      },
    },
    catalog,
    nothingKnown,
    { target: 'cluster' },
  );
  const [shell, option, line] = runtime?.argv ?? [];
  if (shell !== '/bin/sh' || option !== '-c' || line === undefined) {
    throw new Error(`${preset.name} has no launch line on ${machines} machines`);
  }
  return line;
}
