import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problems } from '../testing/problems.ts';
import { workspaceArbitrary } from '../testing/workspace-arbitrary.ts';
import { seedWorkspace, withInference, withResource, workspaceWith } from '../testing/workspace-factory.ts';
import { validateWorkspace } from './validate.ts';

test('admits the manifest of the seed', () => {
  expect(validateWorkspace(seedWorkspace())).toEqual([]);
});

test('admits every Workspace of the arbitrary without an error', () => {
  fc.assert(
    fc.property(workspaceArbitrary, (workspace) => {
      expect(validateWorkspace(workspace).filter(({ severity }) => severity === 'error')).toEqual([]);
    }),
  );
});

test('never throws, and each finding has a message, a remedy and a path', () => {
  const anything = fc.anything({
    withNullPrototype: true,
    withMap: true,
    withDate: true,
    withBigInt: true,
    withSparseArray: true,
  });
  const inside = fc
    .record(
      {
        metadata: anything,
        resource: anything,
        inference: anything,
        tuning: anything,
        status: anything,
        spec: anything,
      },
      { requiredKeys: [] },
    )
    .map((sections) => workspaceWith(sections));
  const deeper = fc.tuple(anything, anything).map(([value, other]) =>
    workspaceWith({
      metadata: { name: value, labels: other, annotations: value, namespace: other },
      resource: { count: value, instanceType: other, labelSelector: { matchLabels: value, matchExpressions: other } },
      inference: {
        preset: { name: value, presetOptions: other },
        adapters: [{ source: value, strength: other }],
        template: { spec: { containers: [value] } },
      },
    }),
  );
  fc.assert(
    fc.property(fc.oneof(anything, inside, deeper), (object) => {
      for (const finding of validateWorkspace(object, { old: seedWorkspace() })) {
        expect(finding.message).toMatch(/\S.*[.?]$/s);
        expect(typeof finding.path).toBe('string');
      }
    }),
    { numRuns: 500 },
  );
});

test('tells every problem at once', () => {
  expect(
    problems({
      apiVersion: 'kaito.sh/v1',
      kind: 'Workspace',
      metadata: { name: 'My_Model' },
      resource: {
        count: 0,
        instancetype: 'x',
        labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      },
      inference: { preset: {} },
    }),
  ).toEqual([
    'error InvalidValue apiVersion',
    'error InvalidValue resource.count',
    'error UnknownField resource.instancetype',
    'error MissingField inference.preset.name',
    'error InvalidName metadata.name',
    'error InvalidValue resource.labelSelector.matchExpressions[0].operator',
  ]);
});

const locate = (path: string): { line: number; column: number } => ({ line: path.length, column: 1 });

test('puts file, line and column on each finding', () => {
  expect(validateWorkspace(withResource({ count: 0 }), { locate, file: 'w.yaml' })).toMatchObject([
    { path: 'resource.count', file: 'w.yaml', line: 14, column: 1 },
  ]);
});

describe('unknown fields', () => {
  test.each([
    [
      withResource({ instancetype: 'x' }),
      'resource.instancetype',
      'resource has no field instancetype.',
      'Did you mean resource.instanceType?',
    ],
    [withResource({ replicas: 2 }), 'resource.replicas', 'resource has no field replicas.', 'Use resource.count.'],
    [
      withResource({ image: 'x' }),
      'resource.image',
      'resource has no field image.',
      'Move it to inference.preset.presetOptions.image.',
    ],
    [
      workspaceWith({ instanceType: 'x' }),
      'instanceType',
      'A Workspace has no field instanceType.',
      'Move it to resource.instanceType.',
    ],
    [
      workspaceWith({ metadata: { name: 'a', lables: {} } }),
      'metadata.lables',
      'metadata has no field lables.',
      'Did you mean metadata.labels?',
    ],
    [
      withResource({ zzz: 1 }),
      'resource.zzz',
      'resource has no field zzz.',
      'Remove it; the fields here are count, instanceType, labelSelector, preferredNodes, partition.',
    ],
  ])('%#: the remedy names what was meant', (object, path, message, remedy) => {
    expect(validateWorkspace(object)).toEqual([{ code: 'UnknownField', severity: 'error', path, message, remedy }]);
  });

  test('spec is told to move, without a complaint about what is in it', () => {
    const { apiVersion, kind, metadata, resource, inference } = seedWorkspace();
    const [finding, ...others] = validateWorkspace({ apiVersion, kind, metadata, spec: { resource, inference } });
    expect(others).toEqual([]);
    expect(finding?.remedy).toBe('Workspace has no spec; move its fields (resource, inference) to the top level.');
  });
});

describe('what nobody acts on is refused by name', () => {
  const source = { name: 'one', urls: ['https://example.com/one.gguf'] };

  test.each([
    [withResource({ partition: { mode: 'mig', profile: '1g.10gb' } }), 'resource.partition'],
    [withInference({ config: 'settings' }), 'inference.config'],
    [
      withInference({ adapters: [{ source: { ...source, imagePullSecrets: ['a'] } }] }),
      'inference.adapters[0].source.imagePullSecrets',
    ],
    [
      withInference({ adapters: [{ source: { ...source, volumeSource: {} } }] }),
      'inference.adapters[0].source.volumeSource',
    ],
  ])('%#', (object, path) => {
    expect(validateWorkspace(object)).toMatchObject([
      { code: 'NotSupported', severity: 'error', path, remedy: expect.any(String) as string },
    ]);
  });

  test('tuning, whatever is in it, once', () => {
    const { inference: _, ...rest } = seedWorkspace();
    const tuning = {
      method: 'qlora',
      preset: { name: 'phi-2' },
      input: source,
      output: { image: 'a', imagePushSecret: 's' },
      config: 'c',
    };
    expect(problems({ ...rest, tuning })).toEqual(['error NotSupported tuning']);
    expect(problems(workspaceWith({ tuning }))).toEqual([
      'error MutuallyExclusive tuning',
      'error NotSupported tuning',
    ]);
  });
});
