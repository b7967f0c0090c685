import { ManualClock } from '@kaito/kube/testing';
import { expect, test } from 'vitest';
import { ArmError } from '../errors/arm-error.ts';
import { openStore } from '../store/sqlite-store.ts';
import { createRoles } from './enforce.ts';

const group = '/subscriptions/s/resourceGroups/g';
const write = 'Microsoft.ContainerService/managedClusters/agentPools/write';

function roles(clock = new ManualClock()) {
  const principal = {
    id: 'object',
    appId: 'client',
    displayName: 'x',
    servicePrincipalType: 'Application' as const,
  };
  return createRoles(openStore(undefined), { find: (id) => (id === 'object' ? principal : undefined) }, clock);
}

test('a right is refused in Azure’s words, and no longer once it is assigned', () => {
  const given = roles();
  const refused = (): unknown => {
    try {
      return given.require('object', `${group}/x`, write);
    } catch (error) {
      return error;
    }
  };
  expect(refused()).toBeInstanceOf(ArmError);
  expect(refused()).toMatchObject({
    status: 403,
    code: 'AuthorizationFailed',
    message: `The client 'client' with object id 'object' does not have authorization to perform action '${write}' over scope '${group}/x' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  });
  given.assign('object', group, 'Contributor');
  expect(refused()).toBeUndefined();
  expect(given.allows('other', group, write)).toBe(false);
  expect(given.allows('object', '/subscriptions/s', write)).toBe(false);
  expect(given.allows('object', group, 'Microsoft.Authorization/roleAssignments/write')).toBe(false);
});

test('a new assignment works when it has spread', () => {
  const clock = new ManualClock();
  const given = roles(clock);
  const [effectiveOn, createdOn] = [60_000, 0].map((ms) => new Date(clock.now().getTime() + ms).toISOString());
  given.putAssignment({
    name: 'a',
    scope: group,
    roleName: given.definition('Reader')!.name,
    principalId: 'object',
    principalType: 'ServicePrincipal',
    createdBy: 'owner',
    createdOn: createdOn!,
    effectiveOn: effectiveOn!,
  });
  const read = 'Microsoft.ContainerService/managedClusters/read';
  expect(given.allows('object', group, read)).toBe(false);
  clock.advance(60_000);
  expect(given.allows('object', group, read)).toBe(true);
});

test('what was assigned at a resource goes with it', () => {
  const given = roles();
  given.assign('object', `${group}/providers/N/t/a`, 'Reader');
  given.assign('object', `${group}/providers/N/t/ab`, 'Reader');
  given.forget(`${group}/providers/N/t/a`);
  expect(given.assignments().map(({ scope }) => scope)).toEqual([`${group}/providers/N/t/ab`]);
});
