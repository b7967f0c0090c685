import { ArmError } from './arm-error.ts';

/** Errors of Microsoft.Authorization. */

export const roleAssignmentExists = (id: string): ArmError =>
  new ArmError(
    409,
    'RoleAssignmentExists',
    `The role assignment already exists. The ID of the conflicting role assignment is ${id}.`,
  );

export const roleAssignmentNotFound = (id: string): ArmError =>
  new ArmError(404, 'RoleAssignmentNotFound', `The role assignment '${id}' is not found.`);

export const roleAssignmentUpdateNotPermitted = (): ArmError =>
  new ArmError(
    400,
    'RoleAssignmentUpdateNotPermitted',
    'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
  );

export const invalidPrincipalId = (id: string): ArmError =>
  new ArmError(400, 'InvalidPrincipalId', `The principal ID '${id}' is not valid. Principal ID must be a GUID.`);

export const principalNotFound = (id: string): ArmError =>
  new ArmError(
    400,
    'PrincipalNotFound',
    `Principal ${id.replaceAll('-', '')} does not exist in the directory. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
  );

export const roleDefinitionDoesNotExist = (id: string): ArmError =>
  new ArmError(400, 'RoleDefinitionDoesNotExist', `The specified role definition with ID '${id}' does not exist.`);

export const roleDefinitionNotFound = (id: string): ArmError =>
  new ArmError(404, 'RoleDefinitionDoesNotExist', `The specified role definition with ID '${id}' does not exist.`);

export const roleDefinitionInvalid = (why: string): ArmError => new ArmError(400, 'InvalidRoleDefinition', why);

export const roleDefinitionIsBuiltIn = (name: string): ArmError =>
  new ArmError(403, 'CannotModifyBuiltInRole', `The built-in role '${name}' cannot be changed or deleted.`);

export const roleDefinitionNameTaken = (name: string): ArmError =>
  new ArmError(
    409,
    'RoleDefinitionWithSameNameExists',
    `A custom role with the same name '${name}' already exists in this directory. Use a different name.`,
  );

export const roleDefinitionHasAssignments = (): ArmError =>
  new ArmError(
    400,
    'RoleDefinitionHasAssignments',
    'There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)',
  );
