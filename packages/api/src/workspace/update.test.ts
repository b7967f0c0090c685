import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../finding.ts';
import { workspaceArbitrary } from '../testing/workspace-arbitrary.ts';
import { seedWorkspace, withInference, withResource, workspaceWith } from '../testing/workspace-factory.ts';
import type { Workspace } from '../workspace.ts';
import { convert } from './convert.ts';
import { withDefaults } from './defaults.ts';
import { sameSelector } from './selector.ts';
import { validateWorkspace } from './validate.ts';

const errors = (findings: readonly Finding[]): string[] =>
  findings.filter(({ severity }) => severity === 'error').map(({ code, path }) => `${code} ${path}`);
const update = (updated: unknown, old: unknown = seedWorkspace(), existingNodesOnly = false): string[] =>
  errors(validateWorkspace(updated, { old: old as Workspace, existingNodesOnly }));

test('an update that changes nothing is admitted, also in the other version and with defaults filled in', () => {
  fc.assert(
    fc.property(workspaceArbitrary, (workspace) => {
      expect(update(workspace, workspace)).toEqual([]);
      expect(update(convert(workspace, 'kaito.sh/v1beta1'), workspace)).toEqual([]);
      expect(update(withDefaults(workspace), workspace)).toEqual([]);
      expect(update(workspace, withDefaults(workspace))).toEqual([]);
    }),
  );
});

test.each([
  ['resource.count', withResource({ count: 2 })],
  ['resource.instanceType', withResource({ instanceType: 'Standard_NC6s_v3' })],
  ['resource.instanceType', withResource({ instanceType: '' })],
  ['resource.labelSelector', withResource({ labelSelector: { matchLabels: { apps: 'other' } } })],
  ['resource.labelSelector', withResource({ labelSelector: {} })],
  ['inference.preset', workspaceWith({ inference: { preset: { name: 'phi-2' } } })],
  [
    'inference.preset',
    workspaceWith({ inference: { preset: { ...seedWorkspace().inference?.preset, accessMode: 'private' } } }),
  ],
])('%s is immutable', (path, updated) => {
  expect(update(updated)).toEqual([`ImmutableField ${path}`]);
});

test('all that changed are told together', () => {
  expect(
    update(
      workspaceWith({
        resource: { count: 2, instanceType: 'A', labelSelector: {} },
        inference: { preset: { name: 'phi-2' } },
      }),
    ),
  ).toEqual([
    'ImmutableField resource.count',
    'ImmutableField resource.instanceType',
    'ImmutableField resource.labelSelector',
    'ImmutableField inference.preset',
  ]);
});

test('instanceType may be emptied where nothing is rented', () => {
  expect(update(withResource({ instanceType: '' }), seedWorkspace(), true)).toEqual([]);
  expect(update(withResource({ instanceType: 'A' }), seedWorkspace(), true)).toEqual([
    'ImmutableField resource.instanceType',
  ]);
});

test('preferredNodes, adapters, metadata and status may change', () => {
  const old = seedWorkspace();
  const updated = {
    ...withResource({ preferredNodes: ['n'] }),
    metadata: { ...old.metadata, labels: { a: 'b' }, annotations: { 'kaito.sh/enablelb': 'True' } },
    inference: { ...old.inference, adapters: [{ source: { name: 'a', urls: ['https://example.com/a'] } }] },
    status: { state: 'Ready' },
  };
  expect(update(updated)).toEqual([]);
});

const template = (image: string): unknown =>
  workspaceWith({ inference: { template: { spec: { containers: [{ name: 'a', image }] } } } });

describe('template', () => {
  test('its content may change', () => expect(update(template('b'), template('a'))).toEqual([]));

  test('it cannot come or go', () => {
    expect(update(template('a'))).toEqual(['ImmutableField inference.preset', 'ImmutableField inference.template']);
    expect(update(seedWorkspace(), template('a'))).toEqual([
      'ImmutableField inference.preset',
      'ImmutableField inference.template',
    ]);
  });
});

describe('labelSelector', () => {
  const byLabels = { matchLabels: { a: '1', b: '2' } };
  const byExpressions = {
    matchExpressions: [
      { key: 'b', operator: 'In' as const, values: ['2'] },
      { key: 'a', operator: 'In' as const, values: ['1'] },
    ],
  };
  const mixed = { matchLabels: { b: '2' }, matchExpressions: byExpressions.matchExpressions.slice(1) };

  test('an equivalent form is the same', () => {
    for (const labelSelector of [byLabels, byExpressions, mixed]) {
      for (const other of [byLabels, byExpressions, mixed]) {
        expect(update(withResource({ labelSelector }), withResource({ labelSelector: other }))).toEqual([]);
      }
    }
  });

  test('sameness is equality of the label maps', () => {
    const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), { noNullPrototype: true });
    fc.assert(
      fc.property(map, map, (left, right) => {
        const expressions = Object.entries(right).map(([key, value]) => ({
          key,
          operator: 'In' as const,
          values: [value],
        }));
        const equal =
          JSON.stringify(Object.entries(left).toSorted()) === JSON.stringify(Object.entries(right).toSorted());
        expect(sameSelector({ matchLabels: left }, { matchExpressions: expressions })).toBe(equal);
      }),
    );
  });

  test('one that no rule admits is the same as itself', () => {
    const labelSelector = { matchExpressions: [{ key: 'a', operator: 'Exists' }] };
    const old = withResource({ labelSelector });
    expect(update(structuredClone(old), old)).toEqual([]);
  });
});

describe('tuning', () => {
  const { inference: _, ...rest } = seedWorkspace();
  const tuning = {
    method: 'lora',
    preset: { name: 'phi-2' },
    input: { name: 'data', urls: ['https://example.com/a'] },
    output: { image: 'x' },
  };
  const old = { ...rest, tuning };

  test('what was stored under other rules can still be changed elsewhere, and its method rewritten in capitals', () => {
    const updated = { ...old, metadata: { ...rest.metadata, finalizers: [] } };
    expect(update(updated, old)).toEqual([]);
    expect(validateWorkspace(updated, { old: old as Workspace })).toMatchObject([
      { code: 'NotSupported', severity: 'warning' },
    ]);
    expect(update({ ...rest, tuning: { ...tuning, method: 'LoRA' } }, old)).toEqual(['NotSupported tuning']);
  });

  test('method, preset and input name are immutable; it cannot become inference', () => {
    const changed = {
      ...tuning,
      method: 'qlora',
      preset: { name: 'phi-3' },
      input: { ...tuning.input, name: 'other' },
    };
    expect(update({ ...rest, tuning: changed }, old)).toEqual([
      'NotSupported tuning',
      'ImmutableField tuning.preset',
      'ImmutableField tuning.method',
      'ImmutableField tuning.input.name',
    ]);
    expect(update(seedWorkspace(), old)).toEqual(['ImmutableField inference', 'ImmutableField tuning']);
  });
});

test('an error that is as stored is a warning; one that is new refuses', () => {
  const old = withInference({ config: 'settings' });
  expect(update({ ...old, metadata: { name: 'workspace-mistral-7b-instruct', labels: { a: 'b' } } }, old)).toEqual([]);
  expect(update(withInference({ config: 'others' }), old)).toEqual(['NotSupported inference.config']);
  expect(update(withResource({ cuont: 1 }))).toEqual(['UnknownField resource.cuont']);
});

test('resource.partition is immutable', () => {
  const old = withResource({ partition: { mode: 'mig', profile: '1g.10gb' } });
  expect(update(old, old)).toEqual([]);
  expect(update(withResource({}), old)).toEqual(['ImmutableField resource.partition']);
});

test('a stored object whose types an older schema let through is no obstacle', () => {
  const old = withResource({ labelSelector: { matchExpressions: false } });
  expect(update(seedWorkspace(), old)).toEqual([]);
});
