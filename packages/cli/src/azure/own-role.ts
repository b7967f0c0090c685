import { AzureError, type RoleDefinition } from '@kaito/azure';
import type { AzureAccess } from './connect.ts';
import type { Need } from './rights.ts';

/** The role that setup has defined for a need, under whichever of its names. */
export async function ownRole({ authorization }: AzureAccess, { custom }: Need): Promise<RoleDefinition | undefined> {
  const { scope, roleName, otherName } = custom;
  const [first, other] = await Promise.all([
    authorization.findRole(scope, roleName),
    authorization.findRole(scope, otherName),
  ]);
  return first ?? other;
}

/** Defines it, or makes it as it should be; under its other name where a role elsewhere in the tenant has the first. @throws AzureError */
export async function putOwnRole(
  { authorization }: AzureAccess,
  { custom }: Need,
  existing: RoleDefinition | undefined,
): Promise<RoleDefinition> {
  const { roleName, otherName, ...role } = custom;
  try {
    return await authorization.putRole({ ...role, roleName: existing?.roleName ?? roleName });
  } catch (error) {
    if (existing !== undefined || !(error instanceof AzureError) || !isTaken(error)) throw error;
    return await authorization.putRole({ ...role, roleName: otherName });
  }
}

const isTaken = ({ azureCode, message }: AzureError) =>
  azureCode === 'RoleDefinitionWithSameNameExists' || /same name already exists/i.test(message);
