import type { Clock } from '@kaito/kube';
import {
  roleDefinitionHasAssignments,
  roleDefinitionInvalid,
  roleDefinitionIsBuiltIn,
  roleDefinitionNameTaken,
  roleDefinitionNotFound,
} from '../errors/authorization-errors.ts';
import { invalidFilter, invalidRequestContent } from '../errors/request-errors.ts';
import type { JsonObject } from '../store/store.ts';
import type { ArmRoute } from '../wire/service.ts';
import type { Roles } from './enforce.ts';
import { type Permission, covers } from './match.ts';
import type { RoleDefinition } from './role-definition.ts';

const apiVersions = ['2015-07-01', '2018-01-01-preview', '2018-07-01', '2022-04-01', '2022-05-01-preview'];
const path = '{scope+}/providers/Microsoft.Authorization/roleDefinitions/{definition}';
const action = (verb: string): string => `Microsoft.Authorization/roleDefinitions/${verb}`;
const type = 'Microsoft.Authorization/roleDefinitions';
const guid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Role definitions: the built-in ones, which nobody changes, and custom ones. */
export function definitionRoutes(roles: Roles, clock: Clock): ArmRoute[] {
  const byId = (id: string): RoleDefinition | undefined => (guid.test(id) ? roles.definition(id) : undefined);
  return [
    {
      method: 'GET',
      path: '{scope+}/providers/Microsoft.Authorization/roleDefinitions',
      // Built-in roles are no secret: whoever may ask about anything here may ask which roles there are.
      action: undefined,
      apiVersions,
      query: ['$filter'],
      handle({ parameters, query }) {
        const scope = parameters['scope']!;
        const fits = definitionFilter(query.get('$filter'));
        const value = roles
          .definitions()
          .filter(({ assignableScopes }) => assignableScopes.some((each) => covers(each, scope) || covers(scope, each)))
          .filter(fits)
          .map((role) => shown(role, scope));
        return { status: 200, body: { value } };
      },
    },
    {
      method: 'GET',
      path,
      action: undefined,
      apiVersions,
      handle({ parameters }) {
        const role = byId(parameters['definition']!);
        if (role === undefined) throw roleDefinitionNotFound(parameters['definition']!);
        return { status: 200, body: shown(role, parameters['scope']!) };
      },
    },
    {
      method: 'PUT',
      path,
      action: action('write'),
      apiVersions,
      handle({ parameters, body }) {
        const name = parameters['definition']!.toLowerCase();
        if (!guid.test(name)) throw roleDefinitionInvalid('The role definition ID must be a GUID.');
        const given = readDefinition(body);
        const before = byId(name);
        if (before?.roleType === 'BuiltInRole') throw roleDefinitionIsBuiltIn(before.roleName);
        const twin = roles.definition(given.roleName);
        if (twin !== undefined && twin.name !== name) throw roleDefinitionNameTaken(given.roleName);
        const now = clock.now().toISOString();
        const role: RoleDefinition = {
          ...given,
          name,
          roleType: 'CustomRole',
          createdOn: before?.createdOn ?? now,
          updatedOn: now,
        };
        roles.putDefinition(role);
        return { status: 201, body: shown(role, parameters['scope']!) };
      },
    },
    {
      method: 'DELETE',
      path,
      action: action('delete'),
      apiVersions,
      handle({ parameters }) {
        const role = byId(parameters['definition']!);
        if (role === undefined) return { status: 204 };
        if (role.roleType === 'BuiltInRole') throw roleDefinitionIsBuiltIn(role.roleName);
        if (roles.assignments().some(({ roleName }) => roleName === role.name)) throw roleDefinitionHasAssignments();
        roles.deleteDefinition(role.name);
        return { status: 200, body: shown(role, parameters['scope']!) };
      },
    },
  ];
}

/** `roleName eq 'X'`, `type eq 'CustomRole'`, `atScopeAndBelow()`, joined by `and`. @throws ArmError */
function definitionFilter(filter: string | null): (role: RoleDefinition) => boolean {
  if (filter === null || filter.trim() === '') return () => true;
  const tests = filter.split(/\s+and\s+/i).map((part) => {
    if (/^\s*atScopeAndBelow\(\)\s*$/i.test(part)) return () => true;
    const match = /^\s*(roleName|type)\s+eq\s+'([^']*)'\s*$/i.exec(part);
    if (match === null) throw invalidFilter(filter);
    const value = match[2]!.toLowerCase();
    return match[1]!.toLowerCase() === 'rolename'
      ? (role: RoleDefinition) => role.roleName.toLowerCase() === value
      : (role: RoleDefinition) => role.roleType.toLowerCase() === value;
  });
  return (role) => tests.every((test) => test(role));
}

type Given = Pick<RoleDefinition, 'roleName' | 'description' | 'permissions' | 'assignableScopes'>;

function readDefinition(body: JsonObject | undefined): Given {
  const given = body?.['properties'];
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidRequestContent("the body needs 'properties'");
  const { roleName, description, permissions, assignableScopes } = given as JsonObject;
  if (typeof roleName !== 'string' || roleName === '')
    throw roleDefinitionInvalid('The role definition needs a roleName.');
  const scopes = texts(assignableScopes);
  if (scopes.length === 0) throw roleDefinitionInvalid('The role definition needs at least one assignable scope.');
  if (scopes.some((scope) => !/^\/(subscriptions|providers)\/[^/]+/i.test(scope)))
    throw roleDefinitionInvalid(
      'An assignable scope of a custom role is a subscription, a resource group or a management group.',
    );
  if (!Array.isArray(permissions) || permissions.length === 0)
    throw roleDefinitionInvalid('The role definition needs permissions.');
  return {
    roleName,
    description: typeof description === 'string' ? description : '',
    permissions: permissions.map((each) => readPermission(each as JsonObject)),
    assignableScopes: scopes,
  };
}

function readPermission(given: JsonObject): Permission {
  const permission = {
    actions: texts(given['actions']),
    notActions: texts(given['notActions']),
    dataActions: texts(given['dataActions']),
    notDataActions: texts(given['notDataActions']),
  };
  const bad = Object.values(permission)
    .flat()
    .find((each) => each !== '*' && !/^[\w.*]+(\/[\w.*]+)+$/.test(each));
  if (bad !== undefined) throw roleDefinitionInvalid(`'${bad}' is not a valid action.`);
  return permission;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function shown(role: RoleDefinition, scope: string): JsonObject {
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? '';
  return {
    id: `${subscription}/providers/${type}/${role.name}`,
    name: role.name,
    type,
    properties: {
      roleName: role.roleName,
      type: role.roleType,
      description: role.description,
      assignableScopes: role.assignableScopes,
      permissions: role.permissions.map((permission) => ({ ...permission })),
      createdOn: role.createdOn,
      updatedOn: role.updatedOn,
      createdBy: null,
      updatedBy: null,
    },
  };
}
