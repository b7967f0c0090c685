import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { structuralProblems } from '../structural/rules.ts';
import { fieldsPage } from '../workspace/fields-page.ts';
import { crds } from './crds.ts';
import { schemaFiles, staleFiles } from './generate.ts';
import { crdFiles } from './yaml.ts';

test('what is generated is fresh', () => {
  expect(
    staleFiles([...schemaFiles(), ...crdFiles(), { path: 'docs/reference/fields.md', text: fieldsPage() }]),
  ).toEqual([]);
});

test('a file that differs or is missing is stale', () => {
  const path = 'docs/reference/fields.md';
  expect(staleFiles([{ path, text: 'another' }])).toEqual([path]);
  expect(staleFiles([{ path: 'docs/reference/absent.md', text: '' }])).toEqual(['docs/reference/absent.md']);
});

test('a CRD file that nobody generates any more is stale', () => {
  const [first, ...others] = crdFiles();
  expect(staleFiles(others)).toEqual([first!.path]);
});

test('the YAML reads back as the objects', () => {
  expect(crdFiles().map(({ text }) => parse(text) as unknown)).toEqual(crds());
});

describe.each(crds().map((crd) => [crd.metadata.name, crd] as const))('%s', (_, crd) => {
  test('is structural', () => {
    for (const version of crd.spec.versions) expect(structuralProblems(version.schema.openAPIV3Schema)).toEqual([]);
  });

  test('has one stored version, serves all, and a status subresource', () => {
    expect(crd.spec.versions.filter(({ storage }) => storage)).toHaveLength(1);
    for (const { served, subresources } of crd.spec.versions) {
      expect(served).toBe(true);
      expect(subresources).toEqual({ status: {} });
    }
    expect(crd.spec.conversion).toEqual({ strategy: 'None' });
  });

  test('has a column for its age', () => {
    for (const { additionalPrinterColumns } of crd.spec.versions) {
      expect(additionalPrinterColumns).toContainEqual({
        name: 'Age',
        type: 'date',
        jsonPath: '.metadata.creationTimestamp',
      });
    }
  });
});

describe('the Workspace', () => {
  const workspace = crds().find(({ spec }) => spec.names.kind === 'Workspace')!;
  const columns = (version: string): string[] =>
    workspace.spec.versions
      .find(({ name }) => name === version)!
      .additionalPrinterColumns.filter(({ priority }) => priority !== 1)
      .map(({ name }) => name);

  test('has the names that people type', () => {
    expect(workspace.spec).toMatchObject({
      group: 'kaito.sh',
      scope: 'Namespaced',
      names: {
        plural: 'workspaces',
        singular: 'workspace',
        listKind: 'WorkspaceList',
        shortNames: ['wk', 'wks'],
        categories: ['workspace'],
      },
    });
  });

  test('stores v1beta1, in the schema of v1alpha1', () => {
    const [alpha, beta] = workspace.spec.versions;
    expect([alpha!.name, alpha!.storage, beta!.name, beta!.storage]).toEqual(['v1alpha1', false, 'v1beta1', true]);
    expect(alpha!.schema).toEqual(beta!.schema);
  });

  test('shows the columns of v0.2 and of v0.12', () => {
    expect(columns('v1alpha1')).toEqual(['Instance', 'ResourceReady', 'InferenceReady', 'WorkspaceReady', 'Age']);
    expect(columns('v1beta1')).toEqual([
      'Instance',
      'ResourceReady',
      'InferenceReady',
      'JobStarted',
      'WorkspaceSucceeded',
      'TargetNodeCount',
      'State',
      'Age',
    ]);
  });

  test.each(['v1alpha1', 'v1beta1'])('explains itself in the wide form of %s', (version) => {
    const { additionalPrinterColumns } = workspace.spec.versions.find(({ name }) => name === version)!;
    const wide = new Map(
      additionalPrinterColumns.map(({ name, jsonPath, priority }) => [name, { jsonPath, priority }] as const),
    );
    expect(wide.get('Cause')).toEqual({ jsonPath: '.status.rootCause.code', priority: 1 });
    expect(wide.get('Endpoint')).toEqual({ jsonPath: '.status.endpoint', priority: 1 });
    expect(wide.get('Message')).toEqual({
      jsonPath: '.status.conditions[?(@.type=="WorkspaceReady")].message',
      priority: 1,
    });
  });

  test('rents nothing by default', () => {
    const resource = workspace.spec.versions[0]!.schema.openAPIV3Schema.properties!['resource']!;
    expect(resource.properties!['instanceType']).not.toHaveProperty('default');
    expect(resource.properties!['count']!.default).toBe(1);
  });

  test('holds in CEL what may not change', () => {
    const text = JSON.stringify(workspace.spec.versions[1]!.schema);
    for (const field of [
      'resource.count',
      'resource.instanceType',
      'resource.labelSelector',
      'inference.preset',
      'tuning.method',
    ]) {
      expect(text).toContain(`${field} is immutable`);
    }
  });
});

test('the checker of schemas finds what the API server would refuse', () => {
  const problems = structuralProblems({
    type: 'object',
    properties: {
      noType: { description: 'x' },
      both: {
        type: 'object',
        description: 'x',
        properties: { a: { type: 'string' } },
        additionalProperties: { type: 'string' },
      },
      list: { type: 'array', description: 'x' },
      bound: { type: 'integer', description: 'x', maximum: Number.MAX_SAFE_INTEGER },
      bad: { type: 'integer', description: 'x', minimum: 1, default: 0 },
      rule: { type: 'string', description: 'x', 'x-kubernetes-validations': [{ rule: '(other', message: '' }] },
      empty: { type: 'object', description: 'x' },
      ...({ ref: { $ref: '#/x', type: 'string', description: 'x' } } as object),
    },
    required: ['absent'],
  });
  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'root',
    'noType',
    'both',
    'both.a',
    'list',
    'bound',
    'bad',
    'rule',
    'rule',
    'rule',
    'empty',
    'ref',
  ]);
});
