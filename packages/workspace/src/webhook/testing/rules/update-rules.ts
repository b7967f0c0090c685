import { withPreset, withResource, withTemplate, workspaceWith } from '../workspaces.ts';
import type { Rule } from './rule.ts';

const one = { key: 'apps', operator: 'In', values: ['phi'] };

function selector(labelSelector: unknown): Record<string, unknown> {
  return withResource({ labelSelector });
}

function expressions(...matchExpressions: unknown[]): Record<string, unknown> {
  return withResource({ labelSelector: { matchExpressions } });
}

/** Rules about what an update may change. */
export const updateRules: readonly Rule[] = [
  {
    rule: 'the number of machines',
    code: 'ImmutableField',
    path: 'resource.count',
    by: 'schema',
    old: workspaceWith(),
    refused: withResource({ count: 2 }),
    accepted: workspaceWith(),
  },
  {
    rule: 'the machine type',
    code: 'ImmutableField',
    path: 'resource.instanceType',
    by: 'schema',
    old: workspaceWith(),
    refused: withResource({ instanceType: 'Standard_NC48ads_A100_v4' }),
    accepted: withResource({ preferredNodes: ['a'] }),
  },
  {
    rule: 'no machine type any more, while machines are rented',
    code: 'ImmutableField',
    path: 'resource.instanceType',
    by: 'webhook',
    old: workspaceWith(),
    refused: withResource({ instanceType: '' }),
    accepted: workspaceWith(),
  },
  {
    rule: 'the selector',
    code: 'ImmutableField',
    path: 'resource.labelSelector',
    by: 'schema',
    old: workspaceWith(),
    refused: selector({ matchLabels: { apps: 'other' } }),
    accepted: expressions(one),
  },
  {
    rule: 'the preset',
    code: 'ImmutableField',
    path: 'inference.preset',
    by: 'schema',
    old: workspaceWith(),
    refused: withPreset({ name: 'falcon-7b' }),
    accepted: workspaceWith({ metadata: { name: 'phi', labels: { team: 'a' } } }),
  },
  {
    rule: 'from preset to template',
    code: 'ImmutableField',
    path: 'inference.template',
    by: 'schema',
    old: workspaceWith(),
    refused: withTemplate(),
    accepted: workspaceWith(),
  },
  {
    rule: 'no inference any more',
    code: 'ImmutableField',
    path: 'inference',
    by: 'schema',
    old: workspaceWith(),
    refused: workspaceWith({ inference: undefined }),
    accepted: workspaceWith(),
  },
];
