import { apiVersions } from '../arm/api-versions.ts';
import { armPath, scopePath } from '../arm/path.ts';
import type { ResourceManager } from '../arm/resource-manager.ts';
import type { Call } from '../call.ts';
import { ignoreMissing } from '../errors/absent.ts';
import { AzureError } from '../errors/azure-error.ts';
import { objectOf, textOf, textsOf } from '../json.ts';
import { deterministicGuid } from './deterministic-guid.ts';
import { permissionSetOf, permissionSetsOf, rightsOf } from './rights.ts';
import type { PermissionSet, Rights } from './rights.ts';

export interface RoleDefinition {
  /** Resource id. */
  readonly id: string;
  readonly roleName: string;
  readonly custom: boolean;
  readonly assignableScopes: readonly string[];
  readonly permissions: readonly PermissionSet[];
}

export interface RoleAssignment {
  /** Resource id. */
  readonly id: string;
  readonly scope: string;
  /** Object id of who has the role. */
  readonly principalId: string;
  /** Resource id of the role. */
  readonly roleDefinitionId: string;
  /** It holds only under a condition. */
  readonly conditional: boolean;
}

export interface NewRole {
  /** A subscription or a resource group: the role is kept there and may be given there and below. */
  readonly scope: string;
  readonly roleName: string;
  readonly description: string;
  readonly actions: readonly string[];
}

/** Roles at scopes: a scope is a resource id, `/subscriptions/S`, or a management group's id. */
export interface Authorization {
  /** By its name, without regard to case. Undefined: no such role may be given at the scope. @throws AzureError */
  findRole(scope: string, roleName: string, call?: Call): Promise<RoleDefinition | undefined>;
  /** Creates a custom role, or makes the one of that name at that scope so. @throws AzureError `RightMissing` */
  putRole(role: NewRole, call?: Call): Promise<RoleDefinition>;
  /** Also where there is none. @throws AzureError; it is refused while the role is given to someone */
  deleteRole(id: string, call?: Call): Promise<void>;
  /** At the scope and above it. @throws AzureError */
  assignments(scope: string, call?: Call): Promise<readonly RoleAssignment[]>;
  /**
   * Gives a role to a service principal. Its name follows from scope, principal and role, so that doing it twice makes one; `exists` where
   * the principal has the role at that scope already.
   *
   * @throws AzureError `NotFound` (soon) while a new principal is not known everywhere
   */
  assign(
    assignment: { readonly scope: string; readonly principalId: string; readonly roleDefinitionId: string },
    call?: Call,
  ): Promise<'created' | 'exists'>;
  /** Also where there is none. @throws AzureError */
  unassign(id: string, call?: Call): Promise<void>;
  /**
   * What a principal may do at a scope by its own role assignments there and above. Those by a group are not seen, those with a condition
   * are left out.
   *
   * @throws AzureError
   */
  rightsOf(principalId: string, scope: string, call?: Call): Promise<Rights & { readonly roles: readonly string[] }>;
  /** What the caller may do at a scope, by whatever way. @throws AzureError */
  ownRights(scope: string, call?: Call): Promise<Rights>;
}

export function createAuthorization(resourceManager: ResourceManager): Authorization {
  const apiVersion = apiVersions.authorization;
  const readRole = async (id: string, call: Call | undefined) =>
    roleOf((await resourceManager.send({ method: 'GET', path: scopePath(id), apiVersion, ...call })).body);

  const authorization: Authorization = {
    async findRole(scope, roleName, call) {
      const query = { $filter: `roleName eq '${roleName.replaceAll("'", "''")}'` };
      const items = await resourceManager.list({ path: under(scope, 'roleDefinitions'), apiVersion, query, ...call });
      return items.map(roleOf).find((role) => role.roleName.toLowerCase() === roleName.toLowerCase());
    },
    async putRole({ scope, roleName, description, actions }, call) {
      const permissions = [{ actions, notActions: [], dataActions: [], notDataActions: [] }];
      const answer = await resourceManager.send({
        method: 'PUT',
        path: under(scope, 'roleDefinitions', deterministicGuid(scope, roleName)),
        apiVersion,
        body: { properties: { roleName, description, type: 'CustomRole', permissions, assignableScopes: [scope] } },
        ...call,
      });
      return roleOf(answer.body);
    },
    deleteRole: (id, call) =>
      ignoreMissing(() => resourceManager.send({ method: 'DELETE', path: scopePath(id), apiVersion, ...call })),
    async assignments(scope, call) {
      const query = { $filter: 'atScope()' };
      const path = under(scope, 'roleAssignments');
      return (await resourceManager.list({ path, apiVersion, query, ...call })).map(assignmentOf);
    },
    async assign({ scope, principalId, roleDefinitionId }, call) {
      const name = deterministicGuid(scope, principalId, roleDefinitionId.split('/').at(-1) ?? '');
      try {
        const { status } = await resourceManager.send({
          method: 'PUT',
          path: under(scope, 'roleAssignments', name),
          apiVersion,
          body: { properties: { roleDefinitionId, principalId, principalType: 'ServicePrincipal' } },
          ...call,
        });
        return status === 201 ? 'created' : 'exists';
      } catch (error) {
        if (error instanceof AzureError && error.azureCode === 'RoleAssignmentExists') return 'exists';
        throw error;
      }
    },
    unassign: (id, call) =>
      ignoreMissing(() => resourceManager.send({ method: 'DELETE', path: scopePath(id), apiVersion, ...call })),
    async rightsOf(principalId, scope, call) {
      const held = (await authorization.assignments(scope, call)).filter(
        (assignment) => assignment.principalId.toLowerCase() === principalId.toLowerCase() && !assignment.conditional,
      );
      const ids = [...new Set(held.map(({ roleDefinitionId }) => roleDefinitionId))];
      const roles = await Promise.all(ids.map((id) => readRole(id, call)));
      const rights = rightsOf(roles.flatMap(({ permissions }) => permissions));
      return { ...rights, roles: roles.map(({ roleName }) => roleName) };
    },
    async ownRights(scope, call) {
      const items = await resourceManager.list({ path: under(scope, 'permissions'), apiVersion, ...call });
      return rightsOf(items.map(permissionSetOf));
    },
  };
  return authorization;
}

function under(scope: string, ...segments: readonly string[]): string {
  return scopePath(scope) + armPath('providers', 'Microsoft.Authorization', ...segments);
}

function roleOf(body: unknown): RoleDefinition {
  const role = objectOf(body) ?? {};
  const properties = objectOf(role['properties']) ?? {};
  return {
    id: textOf(role['id']) ?? '',
    roleName: textOf(properties['roleName']) ?? '',
    custom: properties['type'] === 'CustomRole',
    assignableScopes: textsOf(properties['assignableScopes']),
    permissions: permissionSetsOf(properties['permissions']),
  };
}

function assignmentOf(body: unknown): RoleAssignment {
  const assignment = objectOf(body) ?? {};
  const properties = objectOf(assignment['properties']) ?? {};
  return {
    id: textOf(assignment['id']) ?? '',
    scope: textOf(properties['scope']) ?? '',
    principalId: textOf(properties['principalId']) ?? '',
    roleDefinitionId: textOf(properties['roleDefinitionId']) ?? '',
    conditional: textOf(properties['condition']) !== undefined,
  };
}
