import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify as stringifyYaml } from 'yaml';
import { workspaceArbitrary } from '../testing/workspace-arbitrary.ts';
import { seedWorkspace, withResource } from '../testing/workspace-factory.ts';
import { parseWorkspaces } from './parse.ts';

/** YAML in which strings that kubectl would read as booleans are in quotes. */
const stringify = (object: unknown): string => stringifyYaml(object, { version: '1.1' });

const codes = (text: string): string[] => parseWorkspaces(text).findings.map(({ code }) => code);

test('reads the manifest of the seed', () => {
  expect(parseWorkspaces(stringify(seedWorkspace()), { file: 'w.yaml' })).toEqual({
    workspaces: [seedWorkspace()],
    findings: [],
  });
});

test('reads any Workspace, as YAML and as JSON', () => {
  fc.assert(
    fc.property(workspaceArbitrary, (workspace) => {
      expect(parseWorkspaces(stringify(workspace)).workspaces).toEqual([workspace]);
      expect(parseWorkspaces(JSON.stringify(workspace, null, 2)).workspaces).toEqual([workspace]);
    }),
  );
});

test('each finding has its file, line and column, in the order of the text', () => {
  const text = [
    'apiVersion: kaito.sh/v1beta1',
    'kind: Workspace',
    'metadata:',
    '  name: Upper',
    'resource:',
    '  cuont: 1',
    '  labelSelector:',
    '    matchLabels: {gpu: yes}',
    'inference:',
    '  preset: {nmae: x}',
  ].join('\n');
  const places = parseWorkspaces(text, { file: 'w.yaml' }).findings.map(({ file, line, column, path }) => [
    file,
    line,
    column,
    path,
  ]);
  expect(places).toEqual([
    ['w.yaml', 4, 3, 'metadata.name'],
    ['w.yaml', 6, 3, 'resource.cuont'],
    ['w.yaml', 8, 19, 'resource.labelSelector.matchLabels.gpu'],
    ['w.yaml', 10, 3, 'inference.preset.name'],
    ['w.yaml', 10, 12, 'inference.preset.nmae'],
  ]);
});

test('passes over other kinds, and says so', () => {
  const text = `apiVersion: v1\nkind: Secret\n---\n${stringify(seedWorkspace())}`;
  const { workspaces, findings } = parseWorkspaces(text);
  expect(workspaces).toHaveLength(1);
  expect(findings).toMatchObject([{ code: 'OtherKind', severity: 'info', line: 2, column: 1 }]);
});

test('a kind that was meant to be Workspace is an error', () => {
  const { findings } = parseWorkspaces(stringify({ ...seedWorkspace(), kind: 'Worksapce' }));
  expect(findings).toMatchObject([{ code: 'InvalidValue', path: 'kind', remedy: 'Did you mean Workspace?' }]);
});

test.each([
  ['nothing', ''],
  ['a comment', '# hello\n'],
  ['another kind only', 'apiVersion: v1\nkind: Pod\n'],
])('%s holds no Workspace', (_, text) => {
  expect(codes(text)).toContain('NoWorkspace');
});

test.each(['hello', '42', '[]', '- a', 'true', '"x"'])('%s is told to be a map', (text) => {
  expect(codes(text)).toEqual(['InvalidType']);
});

test('reads the Lists of kubectl, with the places of their items', () => {
  const items = [seedWorkspace(), { ...withResource({ count: 0 }), metadata: { name: 'second' } }];
  const text = stringify({ apiVersion: 'v1', kind: 'List', items });
  const { workspaces, findings } = parseWorkspaces(text);
  expect(workspaces).toEqual([seedWorkspace()]);
  expect(findings).toMatchObject([
    { path: 'resource.count', line: text.split('\n').findIndex((line) => line.includes('count: 0')) + 1 },
  ]);
});

test('a second Workspace of the same name and namespace is an error', () => {
  const one = stringify(seedWorkspace());
  expect(codes(`${one}---\n${one}`)).toEqual(['DuplicateName']);
  const other = stringify({ ...seedWorkspace(), metadata: { ...seedWorkspace().metadata, namespace: 'b' } });
  expect(parseWorkspaces(`${one}---\n${other}`).workspaces).toHaveLength(2);
});

test('nulls of metadata, as Go writes them, are left out', () => {
  const metadata = { name: 'a', creationTimestamp: null, labels: null };
  expect(parseWorkspaces(JSON.stringify({ ...seedWorkspace(), metadata })).workspaces[0]?.metadata).toEqual({
    name: 'a',
  });
});

test('never throws; a text without Workspaces has an error', () => {
  const line = fc.constantFrom(
    'apiVersion: kaito.sh/v1beta1',
    'kind: Workspace',
    'kind: List',
    'items: [{}, 1, null]',
    'metadata: {name: a}',
    'metadata: null',
    'metadata:',
    '  name: a',
    '  labels: {a: 1}',
    'resource: {labelSelector: {matchLabels: {a: b}}}',
    'resource: []',
    'inference: {preset: {name: x}}',
    'inference: {adapters: [null, {source: null}]}',
    'inference: &a {template: {spec: {containers: [{}]}}}',
    'tuning: *a',
    'status: 1',
    'spec: {}',
    '---',
    '__proto__: {}',
    'constructor: 1',
    '}',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')),
  );
  fc.assert(
    fc.property(text, (text) => {
      const { workspaces, findings } = parseWorkspaces(text);
      expect(workspaces.length > 0 || findings.some(({ severity }) => severity === 'error')).toBe(true);
      for (const finding of findings) expect(finding.line).toBeGreaterThanOrEqual(1);
    }),
    { numRuns: 2000 },
  );
});
