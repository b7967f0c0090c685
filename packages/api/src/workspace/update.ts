import type { Finding } from '../finding.ts';
import type { Workspace } from '../workspace.ts';
import { withDefaults } from './defaults.ts';
import { sameValue } from './equal.ts';
import { sameSelector } from './selector.ts';

/**
 * What an update changes that may not change: the rules of KAITO v0.2 and v0.12. `resource.count`, `.instanceType`, `.partition`,
 * `.labelSelector` (an equivalent form is the same), the presence of inference, tuning and template, presets, and of a tuning its
 * method and the name of its input. Template content, preferredNodes, adapters and metadata may change.
 *
 * @param existingNodesOnly nothing is rented in this cluster; then instanceType may be emptied.
 */
export function updateFindings(updated: Workspace, stored: Workspace, existingNodesOnly = false): Finding[] {
  const now = withDefaults(updated);
  const old = withDefaults(stored);
  const fields: string[] = [];
  const hold = (field: string, kept: boolean): void => {
    if (!kept) fields.push(field);
  };
  for (const section of ['inference', 'tuning'] as const) {
    hold(section, (now[section] === undefined) === (old[section] === undefined));
  }
  hold('resource.count', (now.resource?.count ?? 1) === (old.resource?.count ?? 1));
  const type = now.resource?.instanceType ?? '';
  hold('resource.instanceType', type === (old.resource?.instanceType ?? '') || (existingNodesOnly && type === ''));
  hold('resource.partition', sameValue(now.resource?.partition, old.resource?.partition));
  hold(
    'resource.labelSelector',
    sameSelector(now.resource?.labelSelector, old.resource?.labelSelector) ||
      sameValue(now.resource?.labelSelector, old.resource?.labelSelector),
  );
  if (now.inference !== undefined && old.inference !== undefined) {
    hold('inference.preset', sameValue(now.inference.preset, old.inference.preset));
    hold('inference.template', (now.inference.template === undefined) === (old.inference.template === undefined));
  }
  if (now.tuning !== undefined && old.tuning !== undefined) {
    hold('tuning.preset', sameValue(now.tuning.preset, old.tuning.preset));
    hold('tuning.method', now.tuning.method?.toLowerCase() === old.tuning.method?.toLowerCase());
    hold('tuning.input.name', now.tuning.input?.name === old.tuning.input?.name);
  }
  return fields.map((path) => ({
    code: 'ImmutableField',
    severity: 'error',
    path,
    message: `${path} cannot change once the Workspace exists.`,
    remedy: 'Create another Workspace, or delete this one and create it anew.',
  }));
}
