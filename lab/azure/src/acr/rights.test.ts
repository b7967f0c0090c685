import { ManualClock } from '@kaito/kube/testing';
import { describe, expect, test } from 'vitest';
import { createRoles } from '../authorization/enforce.ts';
import { openStore } from '../store/sqlite-store.ts';
import { anyNetwork } from './firewall.ts';
import type { Registry } from './registries.ts';
import { granted, hasAnyRight } from './rights.ts';

const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lab';
const registry: Registry = {
  id: `${group}/providers/Microsoft.ContainerRegistry/registries/kaitolab`,
  name: 'kaitolab',
  loginServer: 'kaitolab.azurecr.io',
  adminUserEnabled: true,
  anonymousPullEnabled: false,
  publicNetworkAccess: true,
  networkRules: anyNetwork,
  perRepository: false,
};
const everything = { type: 'repository', name: 'app', actions: ['*'] };
const catalog = { type: 'registry', name: 'catalog', actions: ['*'] };

function holding(role: string | undefined, scope = registry.id) {
  const roles = createRoles(openStore(undefined), { find: () => undefined }, new ManualClock());
  if (role !== undefined) roles.assign('someone', scope, role);
  return (at: Registry = registry) => ({
    repository: granted(roles, at, { kind: 'principal', id: 'someone' }, everything).actions,
    catalog: granted(roles, at, { kind: 'principal', id: 'someone' }, catalog).actions,
    any: hasAnyRight(roles, at, 'someone'),
  });
}

describe('rights in a registry', () => {
  test.each([
    ['AcrPull', ['pull', 'metadata_read']],
    ['AcrPush', ['pull', 'push', 'metadata_read', 'metadata_write']],
    ['AcrDelete', ['delete']],
    ['Reader', ['pull', 'metadata_read']],
    ['Contributor', ['pull', 'push', 'delete', 'metadata_read', 'metadata_write']],
    ['Owner', ['pull', 'push', 'delete', 'metadata_read', 'metadata_write']],
  ])('%s', (role, actions) => {
    const held = holding(role)();
    expect(held).toMatchObject({ repository: actions, any: true });
    expect(held.catalog).toEqual(actions.includes('pull') ? ['*'] : []);
  });

  test('come from the group too, and from nowhere else', () => {
    expect(holding('AcrPull', group)().repository).toEqual(['pull', 'metadata_read']);
    expect(holding('AcrPull', `${group}2`)()).toEqual({ repository: [], catalog: [], any: false });
    expect(holding(undefined)()).toEqual({ repository: [], catalog: [], any: false });
  });

  test('come from data actions alone where they are given per repository', () => {
    const perRepository = { ...registry, perRepository: true };
    expect(holding('AcrPull')(perRepository)).toEqual({ repository: [], catalog: [], any: false });
    const reader = holding('Container Registry Repository Reader');
    expect(reader(perRepository)).toEqual({ repository: ['pull', 'metadata_read'], catalog: [], any: true });
    expect(reader(registry).any).toBe(false);
  });

  test('anyone may pull where that is enabled, and nothing more', () => {
    const roles = createRoles(openStore(undefined), { find: () => undefined }, new ManualClock());
    const ask = (anonymousPullEnabled: boolean) =>
      granted(roles, { ...registry, anonymousPullEnabled }, { kind: 'anonymous' }, everything).actions;
    expect(ask(true)).toEqual(['pull', 'metadata_read']);
    expect(ask(false)).toEqual([]);
  });

  test('only what was asked for is granted', () => {
    const roles = createRoles(openStore(undefined), { find: () => undefined }, new ManualClock());
    const wanted = { type: 'repository', name: 'app', actions: ['pull', 'quarantine'] };
    expect(granted(roles, registry, { kind: 'admin' }, wanted).actions).toEqual(['pull']);
    expect(granted(roles, registry, { kind: 'admin' }, { ...catalog, name: 'other' }).actions).toEqual([]);
  });
});
