import { describe, expect, test } from 'vitest';
import { problems } from '../testing/problems.ts';
import { seedWorkspace, withResource, workspaceWith } from '../testing/workspace-factory.ts';

const selected = (labelSelector: unknown): string[] => problems(withResource({ labelSelector }));

describe('resource', () => {
  test.each([1, 1000])('count %i is right', (count) => expect(problems(withResource({ count }))).toEqual([]));

  test.each([
    [0, 'InvalidValue'],
    [-1, 'InvalidValue'],
    [1001, 'InvalidValue'],
    [1.5, 'InvalidType'],
    ['2', 'InvalidType'],
    [Number.NaN, 'InvalidType'],
    [null, 'InvalidType'],
  ])('count %s is refused', (count, code) => {
    expect(problems(withResource({ count }))).toEqual([`error ${code} resource.count`]);
  });

  test('may be left out, and needs a selector where it is not', () => {
    const { resource: _, ...rest } = seedWorkspace();
    expect(problems(rest)).toEqual([]);
    expect(problems(workspaceWith({ resource: {} }))).toEqual(['error MissingField resource.labelSelector']);
  });

  test('instanceType is a word, or empty', () => {
    expect(problems(withResource({ instanceType: '' }))).toEqual([]);
    for (const instanceType of ['${MACHINE_SIZE}', 'Standard NC6', ' ']) {
      expect(problems(withResource({ instanceType }))).toEqual(['error InvalidValue resource.instanceType']);
    }
  });

  test('preferredNodes are names', () => {
    expect(problems(withResource({ preferredNodes: ['aks-gpu-1'] }))).toEqual([]);
    expect(problems(withResource({ preferredNodes: [1] }))).toEqual(['error InvalidType resource.preferredNodes[0]']);
  });

  test.each([
    [{}],
    [{ matchLabels: { apps: 'a', 'kubernetes.azure.com/agentpool': 'gpu' } }],
    [{ matchExpressions: [{ key: 'apps', operator: 'In', values: ['a'] }] }],
    [{ matchLabels: { apps: 'a' }, matchExpressions: [{ key: 'apps', operator: 'In', values: ['a'] }] }],
  ])('selector %j is right', (selector) => expect(selected(selector)).toEqual([]));

  test.each([
    [
      { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] },
      'InvalidValue resource.labelSelector.matchExpressions[0].operator',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }] },
      'InvalidValue resource.labelSelector.matchExpressions[0].values',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'In' }] },
      'InvalidValue resource.labelSelector.matchExpressions[0].values',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'in', values: ['b'] }] },
      'InvalidValue resource.labelSelector.matchExpressions[0].operator',
    ],
    [
      { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['c'] }] },
      'InvalidValue resource.labelSelector',
    ],
    [{ matchLabels: { a: 'not a label' } }, 'InvalidValue resource.labelSelector.matchLabels.a'],
    [{ matchLabels: { 'kaito.sh/workspace': 'a' } }, 'ReservedLabel resource.labelSelector'],
  ])('selector %j is refused', (selector, finding) => {
    expect(new Set(selected(selector))).toEqual(new Set([`error ${finding}`]));
  });

  test('a reserved label beside others warns', () => {
    expect(selected({ matchLabels: { apps: 'a', 'kaito.sh/workspace': 'a' } })).toEqual([
      'warning ReservedLabel resource.labelSelector',
    ]);
  });
});
