import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers, grants, matchesAction } from './match.ts';

test.each([
  ['*', 'Microsoft.ContainerService/managedClusters/write', true],
  ['*/read', 'Microsoft.ContainerService/managedClusters/read', true],
  ['*/read', 'Microsoft.ContainerService/managedClusters/readme', false],
  ['Microsoft.Authorization/*/Write', 'microsoft.authorization/roleAssignments/write', true],
  ['Microsoft.ContainerService/managedClusters/*', 'Microsoft.ContainerService/managedClustersX/read', false],
  ['Microsoft.ContainerService/managedClusters/read', 'MicrosoftXContainerService/managedClusters/read', false],
])('%s names %s: %s', (pattern, action, expected) => {
  expect(matchesAction(pattern, action)).toBe(expected);
});

test('an assignment holds at its scope and below, and nowhere else', () => {
  const segment = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 5 }),
      fc.array(segment, { maxLength: 3 }),
      segment,
      (above, below, other) => {
        const scope = `/${above.join('/')}`;
        expect(covers(scope, `${scope === '/' ? '' : scope}/${below.join('/')}`.toUpperCase())).toBe(true);
        // What only begins alike is another.
        if (above.length > 0) expect(covers(scope, `${scope}${other}`)).toBe(false);
        if (below.length > 0 && above.length > 0) expect(covers(`${scope}/${below.join('/')}`, scope)).toBe(false);
      },
    ),
  );
});

test('what a permission takes away it does not grant; data actions are others', () => {
  const permission = {
    actions: ['*'],
    notActions: ['Microsoft.Authorization/*/Write'],
    dataActions: ['Microsoft.ContainerRegistry/registries/repositories/content/read'],
    notDataActions: [],
  };
  expect(grants(permission, 'Microsoft.Authorization/roleAssignments/write', false)).toBe(false);
  expect(grants(permission, 'Microsoft.Authorization/roleAssignments/read', false)).toBe(true);
  expect(grants(permission, 'Microsoft.ContainerRegistry/registries/repositories/content/read', true)).toBe(true);
  expect(grants(permission, 'Microsoft.ContainerRegistry/registries/repositories/content/write', true)).toBe(false);
});
