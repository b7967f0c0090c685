import { randomUUID } from 'node:crypto';
import type { Clock } from '@kaito/kube';
import type { Principals } from '../entra/principals.ts';
import { authorizationFailed } from '../errors/authentication-errors.ts';
import type { Store } from '../store/store.ts';
import type { Authorization } from './authorization.ts';
import { builtInRoles } from './built-in-roles.ts';
import { covers, grants } from './match.ts';
import type { RoleAssignment, RoleDefinition } from './role-definition.ts';

/** Role assignments and definitions, with what Resource Manager's own calls need of them. */
export interface Roles extends Authorization {
  definition(nameOrRoleName: string): RoleDefinition | undefined;
  definitions(): readonly RoleDefinition[];
  putDefinition(definition: RoleDefinition): void;
  deleteDefinition(name: string): void;
  assignments(): readonly RoleAssignment[];
  putAssignment(assignment: RoleAssignment): void;
  deleteAssignment(assignment: RoleAssignment): void;
  /** What was assigned at a resource or below goes with it. */
  forget(scope: string): void;
  /** How long an assignment that a caller makes takes to work, ms; those that Azure makes by itself work at once. */
  propagationMs: number;
}

const keyOf = ({ scope, name }: RoleAssignment): string => `${scope}/${name}`.toLowerCase();

/** Keeps assignments and custom roles in the store; built-in roles are code. */
export function createRoles(store: Store, principals: Pick<Principals, 'find'>, clock: Clock): Roles {
  const assignments = store.table<RoleAssignment>('authorization/assignments');
  const custom = store.table<RoleDefinition>('authorization/definitions');
  const definitions = (): RoleDefinition[] => [...builtInRoles, ...custom.entries().map(([, role]) => role)];
  const definition = (name: string): RoleDefinition | undefined => {
    const wanted = name.toLowerCase();
    return definitions().find((role) => role.name === wanted || role.roleName.toLowerCase() === wanted);
  };

  const roles: Roles = {
    propagationMs: 0,
    definition,
    definitions,
    putDefinition: (role) => custom.put(role.name, role),
    deleteDefinition: (name) => custom.delete(name),
    assignments: () => assignments.entries().map(([, assignment]) => assignment),
    putAssignment: (assignment) => assignments.put(keyOf(assignment), assignment),
    deleteAssignment: (assignment) => assignments.delete(keyOf(assignment)),
    forget(scope) {
      for (const [key, assignment] of assignments.entries())
        if (covers(scope, assignment.scope)) assignments.delete(key);
    },
    allows(principalId, scope, action, { data = false } = {}) {
      const now = clock.now().getTime();
      return assignments
        .entries()
        .some(
          ([, each]) =>
            each.principalId === principalId &&
            covers(each.scope, scope) &&
            Date.parse(each.effectiveOn) <= now &&
            definition(each.roleName)?.permissions.some((permission) => grants(permission, action, data)) === true,
        );
    },
    require(principalId, scope, action) {
      if (roles.allows(principalId, scope, action)) return;
      throw authorizationFailed(principals.find(principalId)?.appId ?? principalId, principalId, action, scope);
    },
    assign(principalId, scope, roleName) {
      const role = definition(roleName);
      if (role === undefined) throw new Error(`there is no role ${roleName}`);
      const now = clock.now().toISOString();
      roles.putAssignment({
        name: randomUUID(),
        scope,
        roleName: role.name,
        principalId,
        principalType: 'ServicePrincipal',
        createdBy: '',
        createdOn: now,
        effectiveOn: now,
      });
    },
  };
  return roles;
}
