import { expect, test } from 'vitest';
import { readPath } from './resource-path.ts';

const group = '/subscriptions/s/resourceGroups/g';
const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/c`;

test.each([
  ['/subscriptions', '/'],
  ['/subscriptions/s', '/subscriptions/s'],
  ['/subscriptions/s/resourcegroups', '/subscriptions/s'],
  [group, group],
  [`${group}/resources`, group],
  ['/subscriptions/s/providers', '/subscriptions/s'],
  ['/subscriptions/s/providers/Microsoft.ContainerService', '/subscriptions/s'],
  ['/subscriptions/s/providers/Microsoft.ContainerService/managedClusters', '/subscriptions/s'],
  [`${group}/providers/Microsoft.ContainerService/managedClusters`, group],
  [cluster, cluster],
  [`${cluster}/listClusterUserCredential`, cluster],
  [`${cluster}/agentPools`, cluster],
  [`${cluster}/agentPools/p`, `${cluster}/agentPools/p`],
  [`${cluster}/providers/Microsoft.Authorization/roleAssignments`, cluster],
  [
    `${cluster}/providers/Microsoft.Authorization/roleAssignments/a`,
    `${cluster}/providers/Microsoft.Authorization/roleAssignments/a`,
  ],
])('the right to %s is one at %s', (path, scope) => {
  expect(readPath(path).scope).toBe(scope);
});

test('a path says its subscription, group, namespace and types', () => {
  expect(readPath(`${cluster}/agentPools/p`)).toMatchObject({
    subscriptionId: 's',
    resourceGroup: 'g',
    namespace: 'Microsoft.ContainerService',
    rest: ['managedClusters', 'c', 'agentPools', 'p'],
  });
  expect(readPath('/providers/Microsoft.Authorization/roleDefinitions').subscriptionId).toBeUndefined();
});
