import type { Clock } from '@kaito/kube';
import type { Principals } from '../entra/principals.ts';
import type { ArmRoute } from '../wire/service.ts';
import { assignmentRoutes } from './assignment-routes.ts';
import { definitionRoutes } from './definition-routes.ts';
import type { Roles } from './enforce.ts';
import { covers } from './match.ts';

/** Role definitions, role assignments and the caller's own permissions. */
export function authorizationRoutes(roles: Roles, principals: Pick<Principals, 'find'>, clock: Clock): ArmRoute[] {
  return [...definitionRoutes(roles, clock), ...assignmentRoutes(roles, principals, clock), permissions(roles)];
}

function permissions(roles: Roles): ArmRoute {
  return {
    method: 'GET',
    path: '{scope+}/providers/Microsoft.Authorization/permissions',
    action: 'Microsoft.Authorization/permissions/read',
    apiVersions: ['2015-07-01', '2018-01-01-preview', '2018-07-01', '2022-04-01', '2022-05-01-preview'],
    handle({ parameters, callerId }) {
      const value = roles
        .assignments()
        .filter(({ principalId, scope }) => principalId === callerId && covers(scope, parameters['scope']!))
        .flatMap(({ roleName }) => roles.definition(roleName)?.permissions ?? [])
        .map((permission) => ({ ...permission }));
      return { status: 200, body: { value } };
    },
  };
}
