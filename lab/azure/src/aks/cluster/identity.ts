import type { JsonObject, Resource } from '../../store/store.ts';
import type { Emulator } from '../../wire/service.ts';
import { invalidValue } from '../errors.ts';
import { isObject, objectAt } from '../fields.ts';

type Deps = Pick<Emulator, 'store' | 'principals' | 'tenantId'>;

/**
 * The identity that a cluster's control plane acts as: of its own, made now, or one that its maker has.
 *
 * @throws ArmError where a managed identity that is named is not there, or none is asked for
 */
export function clusterIdentity(
  { store, principals, tenantId }: Deps,
  cluster: { readonly id: string; readonly name: string },
  asked: unknown,
  existing: Resource | undefined,
): JsonObject {
  const before = existing?.identity;
  const type = isObject(asked) ? asked['type'] : before?.['type'];
  if (type === 'SystemAssigned') {
    if (before?.['type'] === 'SystemAssigned') return before;
    const principal = principals.create({
      displayName: cluster.name,
      servicePrincipalType: 'ManagedIdentity',
      alternativeId: cluster.id,
    });
    return { type, principalId: principal.id, tenantId };
  }
  if (type !== 'UserAssigned')
    throw invalidValue('identity.type', `'${String(type)}' is none of SystemAssigned, UserAssigned.`);
  const named = isObject(asked)
    ? objectAt(asked, 'userAssignedIdentities')
    : objectAt(before ?? {}, 'userAssignedIdentities');
  const identities = Object.keys(named).map((id): [string, JsonObject] => {
    const { principalId, clientId } = store.get(id)?.properties ?? {};
    if (principalId === undefined)
      throw invalidValue('identity.userAssignedIdentities', `There is no managed identity ${id}.`);
    return [id, { principalId, clientId }];
  });
  if (identities.length !== 1)
    throw invalidValue('identity.userAssignedIdentities', 'It names exactly one managed identity.');
  return { type, userAssignedIdentities: Object.fromEntries(identities) };
}
