import type { Plan } from '@kaito/planner';
import { objectsOf, render, toYaml } from '@kaito/render';
import { blocks } from '../failure.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Manifest } from '../workspace/manifest.ts';

/**
 * The Kubernetes objects of each Plan that is admitted, as one YAML stream; what stands against the others, and what is notable about all,
 * goes to the error stream.
 */
export function manifestsOf(
  plans: readonly Plan[],
  manifests: readonly Manifest[],
  serverImage: string,
  terminal: Terminal,
): string {
  for (const { findings } of plans) if (findings.length > 0) terminal.err(blocks(findings, terminal.errStyle));
  return toYaml(
    plans.flatMap((plan, index) =>
      plan.admitted ? objectsOf(render(plan, manifests[index]!.workspace, { serverImage })) : [],
    ),
  );
}
