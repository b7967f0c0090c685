import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { actionMatches, rightsOf } from './rights.ts';
import type { PermissionSet } from './rights.ts';

const none: PermissionSet = { actions: [], notActions: [], dataActions: [], notDataActions: [] };

test.each([
  ['*', 'Microsoft.Compute/skus/read', true],
  ['*/read', 'Microsoft.Compute/skus/read', true],
  ['*/read', 'Microsoft.Compute/skus/write', false],
  ['Microsoft.ContainerService/*', 'microsoft.containerservice/managedClusters/READ', true],
  [
    'Microsoft.ContainerService/managedClusters/*/read',
    'Microsoft.ContainerService/managedClusters/agentPools/read',
    true,
  ],
  ['Microsoft.ContainerService/managedClusters/*/read', 'Microsoft.ContainerService/managedClusters/read', false],
  ['Microsoft.Compute/skus/read', 'Microsoft.Compute/skus/read/more', false],
  ['a.b/c', 'axb/c', false],
  ['a*a', 'a', false],
  ['a*b*c', 'abc', true],
  ['a*b*c', 'acb', false],
  ['', 'x', false],
])('pattern %s on %s: %s', (pattern, action, matches) => {
  expect(actionMatches(pattern, action)).toBe(matches);
});

test('a pattern matches what it was made of, and agrees with the obvious regular expression', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.array(part, { maxLength: 6 }), (parts, other) => {
      const pattern = parts.join('*');
      const expression = new RegExp(`^${parts.map((text) => text.replaceAll('.', String.raw`\.`)).join('[^]*')}$`, 'i');
      for (const text of [other.join(''), parts.join('x'), parts.join('')])
        expect(actionMatches(pattern, text)).toBe(expression.test(text));
    }),
  );
});

test('what one role excepts, another may give', () => {
  const contributor = { ...none, actions: ['*'], notActions: ['Microsoft.Authorization/*/write'] };
  const assigner = { ...none, actions: ['Microsoft.Authorization/roleAssignments/*'] };
  const action = 'Microsoft.Authorization/roleAssignments/write';
  expect(rightsOf([contributor]).allows(action)).toBe(false);
  expect(rightsOf([contributor, assigner]).allows(action)).toBe(true);
  expect(rightsOf([contributor]).missing(['a/read', action])).toEqual([action]);
});

test('data actions are rights of their own', () => {
  const reader = { ...none, dataActions: ['x/*'], notDataActions: ['x/secret'] };
  const rights = rightsOf([reader]);
  expect(rights.allows('x/y', { data: true })).toBe(true);
  expect(rights.allows('x/secret', { data: true })).toBe(false);
  expect(rights.allows('x/y')).toBe(false);
});
