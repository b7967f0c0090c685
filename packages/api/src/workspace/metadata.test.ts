import { describe, expect, test } from 'vitest';
import type { Finding } from '../finding.ts';
import { maxWorkspaceNameLength } from '../names.ts';
import { problems, told } from '../testing/problems.ts';
import { workspaceWith } from '../testing/workspace-factory.ts';
import type { Workspace } from '../workspace.ts';
import { validateWorkspace } from './validate.ts';

const named = (name: unknown): unknown => workspaceWith({ metadata: { name } });

const withWindow = (window: string): unknown =>
  workspaceWith({ metadata: { name: 'a', annotations: { 'kaito.sh/update-window': window } } });

const annotated = (key: string, value: string): Finding[] =>
  validateWorkspace(workspaceWith({ metadata: { name: 'a', annotations: { [key]: value } } }));

describe('metadata', () => {
  test.each(['a', 'phi-2', 'a'.repeat(maxWorkspaceNameLength)])('the name %s is right', (name) => {
    expect(problems(named(name))).toEqual([]);
  });

  test.each([
    '',
    'A',
    'a_b',
    '2b',
    '-a',
    'a-',
    'a.b',
    'a'.repeat(maxWorkspaceNameLength + 1),
    'workspace-${MODELNAME}',
  ])('the name %s is refused', (name) => {
    expect(problems(named(name))).toEqual(['error InvalidName metadata.name']);
  });

  test('a name is needed, or a generateName', () => {
    expect(problems(named(null))).toEqual(['error MissingField metadata.name']);
    expect(problems(workspaceWith({ metadata: { generateName: 'a-' } }))).toEqual([]);
  });

  test('namespace and labels follow the rules of Kubernetes', () => {
    expect(problems(workspaceWith({ metadata: { name: 'a', namespace: 'Team' } }))).toEqual([
      'error InvalidName metadata.namespace',
    ]);
    const labels = { 'a b': 'x', ok: 'no good', 'example.com/ok': 'fine', empty: '' };
    expect(problems(workspaceWith({ metadata: { name: 'a', labels } }))).toEqual([
      'error InvalidValue metadata.labels["a b"]',
      'error InvalidValue metadata.labels.ok',
    ]);
  });

  test('what the API server writes is taken', () => {
    const metadata = {
      name: 'a',
      creationTimestamp: null,
      selfLink: '',
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
      finalizers: ['workspace.finalizer.kaito.sh'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u' }],
      managedFields: [{ manager: 'kubectl' }],
    };
    const status = {
      rootCause: { code: 'C', message: 'm', needs: 'time', remedy: 'r' },
      phases: [{ name: 'NodesReady', state: 'done', startedAt: '2026-01-01T00:00:00Z', expectedSeconds: 4 }],
      plan: { revision: 'a-1', model: 'phi-2', replicas: 1 },
      nodeClaims: [{ ordinal: 0, attempt: 1, name: 'ws012345678' }],
      endpoint: 'http://a.b:80',
      workerNodes: ['n'],
      conditions: [{ type: 'A', status: 'True', reason: 'B', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      state: 'Ready',
      targetNodeCount: 1,
      observedGeneration: 1,
      performance: { metrics: { peakTokensPerMinute: { description: 'd', value: '1' } } },
    };
    expect(problems(workspaceWith({ metadata, status }))).toEqual([]);
  });
});

describe('annotations', () => {
  test.each([
    ['kaito.sh/enablelb', 'True'],
    ['kaito.sh/bypass-resource-checks', ''],
    ['kaito.sh/internal-lb', 'True'],
    ['kaito.sh/update', 'now'],
    ['kaito.sh/update', 'phi-0123abcd'],
    ['kaito.sh/update-window', '0 2 * * 6 4h'],
    ['kaito.sh/surge', 'node'],
    ['kaito.sh/adopt', 'true'],
    ['workspace.kaito.io/hash', 'abc'],
    ['example.com/anything', 'x'],
    ['notkaito.sh/enablelb', 'x'],
  ])('%s: %s is silent', (key, value) => {
    expect(annotated(key, value)).toEqual([]);
  });

  test.each([
    ['kaito.sh/enablelb', 'true', 'InvalidValue', 'Write kaito.sh/enablelb: "True".'],
    ['kaito.sh/enablelb', 'False', 'InvalidValue', 'Remove the annotation.'],
    ['kaito.sh/bypass-resource-checks', 'false', 'InvalidValue', 'Remove the annotation.'],
    ['kaito.sh/enable-lb', 'True', 'UnknownAnnotation', 'Did you mean kaito.sh/enablelb?'],
    [
      'kaito.sh/enableLoadBalancer',
      'True',
      'UnknownAnnotation',
      'Those known are kaito.sh/enablelb, kaito.sh/internal-lb, kaito.sh/bypass-resource-checks, kaito.sh/update, kaito.sh/update-window, kaito.sh/surge, kaito.sh/adopt.',
    ],
    ['kaito.sh/internal-lb', 'yes', 'InvalidValue', 'Write kaito.sh/internal-lb: "True".'],
    ['kaito.sh/update', 'true', 'InvalidValue', 'Write kaito.sh/update: "now".'],
    ['kaito.sh/surge', 'nodes', 'InvalidValue', 'Write kaito.sh/surge: "node".'],
    ['kaito.sh/adopt', 'True', 'InvalidValue', 'Write kaito.sh/adopt: "true".'],
    ['kaito.sh/runtime', 'vllm', 'NotSupported', 'Remove the annotation.'],
  ])('%s: %s warns', (key, value, code, remedy) => {
    expect(annotated(key, value)).toMatchObject([
      { code, severity: 'warning', path: `metadata.annotations["${key}"]`, remedy },
    ]);
  });

  test('a window that cannot be read is refused, unless it is there already', () => {
    const path = 'metadata.annotations["kaito.sh/update-window"]';
    expect(validateWorkspace(withWindow('0 2 * * 6'))).toMatchObject([
      { code: 'InvalidValue', severity: 'error', path, message: expect.stringContaining('a duration') as string },
    ]);
    const old = withWindow('0 2 * * 6') as Workspace;
    expect(validateWorkspace(withWindow('0 2 * * 6'), { old })).toMatchObject([{ severity: 'warning', path }]);
    expect(validateWorkspace(withWindow('0 3 * * 6'), { old })).toMatchObject([{ severity: 'error', path }]);
  });

  test('a key with forbidden characters is refused', () => {
    expect(told(annotated('a b', 'x'))).toEqual(['error InvalidValue metadata.annotations["a b"]']);
  });
});
