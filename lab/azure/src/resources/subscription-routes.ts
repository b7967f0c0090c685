import { authorizationFailed } from '../errors/authentication-errors.ts';
import type { Roles } from '../authorization/enforce.ts';
import { covers } from '../authorization/match.ts';
import type { Principals } from '../entra/principals.ts';
import type { JsonObject, Resource, Store } from '../store/store.ts';
import type { ArmRoute } from '../wire/service.ts';
import { locations } from './locations.ts';

const apiVersions = ['2016-06-01', '2019-06-01', '2020-01-01', '2021-01-01', '2022-12-01'];

/** Makes a subscription. @param id a GUID */
export function putSubscription(store: Store, id: string, displayName: string): void {
  store.put({
    id: `/subscriptions/${id}`,
    name: id,
    type: 'Microsoft.Resources/subscriptions',
    properties: { displayName, state: 'Enabled' },
  });
}

/** Subscriptions, tenants and locations. A subscription is seen by who has a role somewhere in it. */
export function subscriptionRoutes(
  store: Store,
  roles: Roles,
  principals: Pick<Principals, 'find'>,
  tenantId: string,
): ArmRoute[] {
  const isSeen = (callerId: string, { id }: Resource): boolean =>
    roles
      .assignments()
      .some((each) => each.principalId === callerId && (covers(each.scope, id) || covers(id, each.scope)));

  const shown = ({ id, name, properties }: Resource): JsonObject => ({
    id,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId: name,
    tenantId,
    ...properties,
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  });

  function seen(callerId: string, id: string): Resource {
    const subscription = store.get(`/subscriptions/${id}`)!;
    if (isSeen(callerId, subscription)) return subscription;
    throw authorizationFailed(
      principals.find(callerId)?.appId ?? callerId,
      callerId,
      'Microsoft.Resources/subscriptions/read',
      subscription.id,
    );
  }

  return [
    {
      method: 'GET',
      path: '/subscriptions',
      action: undefined,
      apiVersions,
      handle({ callerId }) {
        const value = store
          .list('/subscriptions', 'Microsoft.Resources/subscriptions')
          .filter((each) => isSeen(callerId, each))
          .map(shown);
        return { status: 200, body: { value, count: { type: 'Total', value: value.length } } };
      },
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}',
      action: undefined,
      apiVersions,
      handle: ({ callerId, parameters }) => ({
        status: 200,
        body: shown(seen(callerId, parameters['subscriptionId']!)),
      }),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/locations',
      action: undefined,
      apiVersions,
      query: ['includeExtendedLocations'],
      handle({ callerId, parameters }) {
        const { id } = seen(callerId, parameters['subscriptionId']!);
        return { status: 200, body: { value: locations.map((each) => shownLocation(id, each)) } };
      },
    },
    {
      method: 'GET',
      path: '/tenants',
      action: undefined,
      apiVersions,
      handle: () => ({
        status: 200,
        body: {
          value: [
            {
              id: `/tenants/${tenantId}`,
              tenantId,
              countryCode: 'US',
              displayName: 'Azure emulator',
              domains: [],
              tenantCategory: 'Home',
              tenantType: 'AAD',
            },
          ],
        },
      }),
    },
  ];
}

function shownLocation(subscription: string, each: (typeof locations)[number]): JsonObject {
  return {
    id: `${subscription}/locations/${each.name}`,
    name: each.name,
    type: 'Region',
    displayName: each.displayName,
    regionalDisplayName: `(${each.geographyGroup}) ${each.displayName}`,
    metadata: {
      regionType: 'Physical',
      regionCategory: 'Recommended',
      geography: each.geography,
      geographyGroup: each.geographyGroup,
      physicalLocation: each.physicalLocation,
      ...(each.pairedRegion !== undefined && {
        pairedRegion: [{ name: each.pairedRegion, id: `${subscription}/locations/${each.pairedRegion}` }],
      }),
    },
    ...(each.zones && {
      availabilityZoneMappings: [1, 2, 3].map((zone) => ({
        logicalZone: `${zone}`,
        physicalZone: `${each.name}-az${zone}`,
      })),
    }),
  };
}
