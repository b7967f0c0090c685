import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../store/store.ts';
import { registryFrom } from './registry-resource.ts';

const made = {
  id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/kaitolab',
  name: 'kaitolab',
  type: 'Microsoft.ContainerRegistry/registries',
  creationDate: '2026-01-01T00:00:00Z',
  loginServer: 'kaitolab.azurecr.io',
};
const least = { location: 'West US 3', sku: { name: 'standard' } };
const build = (more: JsonObject, old?: Parameters<typeof registryFrom>[1]) =>
  registryFrom({ ...least, ...more }, old, made);

describe('the resource of a registry', () => {
  test('has its defaults, and what a GET shows may be put back', () => {
    const resource = build({ properties: { adminUserEnabled: true } });
    expect(resource).toMatchObject({
      location: 'westus3',
      sku: { name: 'Standard', tier: 'Standard' },
      properties: { adminUserEnabled: true, anonymousPullEnabled: false, publicNetworkAccess: 'Enabled' },
    });
    expect(registryFrom({ ...resource }, resource, made)).toEqual(resource);
  });

  test('keeps what a change does not name', () => {
    const old = build({ tags: { a: 'b' }, properties: { adminUserEnabled: true, anonymousPullEnabled: true } });
    expect(registryFrom({ properties: { adminUserEnabled: false } }, old, made)).toMatchObject({
      tags: { a: 'b' },
      sku: { name: 'Standard' },
      properties: { adminUserEnabled: false, anonymousPullEnabled: true },
    });
  });

  test.each<[string, JsonObject, string]>([
    ['an unknown sku', { sku: { name: 'Classic' } }, 'SkuNotSupported'],
    ['no place', { location: '' }, 'LocationRequired'],
    ['an unknown field', { kind: 'x' }, 'InvalidRequestContent'],
    ['an unknown property', { properties: { adminEnabled: true } }, 'InvalidRequestContent'],
    ['a wrong value', { properties: { adminUserEnabled: 'yes' } }, 'InvalidParameter'],
    [
      'anonymous pull on Basic',
      { sku: { name: 'Basic' }, properties: { anonymousPullEnabled: true } },
      'FeatureNotSupportedForSku',
    ],
    ['a closed network on Standard', { properties: { publicNetworkAccess: 'Disabled' } }, 'FeatureNotSupportedForSku'],
    ['zones', { properties: { zoneRedundancy: 'Enabled' } }, 'FeatureNotSupported'],
    ['a policy', { properties: { policies: { retentionPolicy: { status: 'enabled' } } } }, 'FeatureNotSupported'],
    ['an identity', { identity: { type: 'SystemAssigned' } }, 'FeatureNotSupported'],
  ])('refuses %s', (_, body, code) => {
    expect(() => build(body)).toThrow(expect.objectContaining({ code }));
  });
});
