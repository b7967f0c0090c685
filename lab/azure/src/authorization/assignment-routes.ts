import type { Clock } from '@kaito/kube';
import type { Principals } from '../entra/principals.ts';
import {
  invalidPrincipalId,
  principalNotFound,
  roleAssignmentExists,
  roleAssignmentNotFound,
  roleAssignmentUpdateNotPermitted,
  roleDefinitionDoesNotExist,
} from '../errors/authorization-errors.ts';
import { invalidFilter, invalidRequestContent } from '../errors/request-errors.ts';
import type { JsonObject } from '../store/store.ts';
import type { ArmRequest, ArmRoute } from '../wire/service.ts';
import type { Roles } from './enforce.ts';
import { covers } from './match.ts';
import type { RoleAssignment } from './role-definition.ts';

const apiVersions = [
  '2015-07-01',
  '2018-01-01-preview',
  '2018-09-01-preview',
  '2020-04-01-preview',
  '2020-10-01-preview',
  '2022-04-01',
];
const path = '{scope+}/providers/Microsoft.Authorization/roleAssignments/{assignment}';
const action = (verb: string): string => `Microsoft.Authorization/roleAssignments/${verb}`;
const guid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const type = 'Microsoft.Authorization/roleAssignments';

const same = (a: string, b: string): boolean => covers(a, b) && covers(b, a);

/** Role assignments: made, looked at, listed and taken away. One of the same role, principal and scope is refused a second time. */
export function assignmentRoutes(roles: Roles, principals: Pick<Principals, 'find'>, clock: Clock): ArmRoute[] {
  const find = ({ parameters }: ArmRequest): RoleAssignment | undefined =>
    roles
      .assignments()
      .find(
        ({ name, scope }) =>
          name.toLowerCase() === parameters['assignment']!.toLowerCase() && same(scope, parameters['scope']!),
      );

  return [
    {
      method: 'PUT',
      path,
      action: action('write'),
      apiVersions,
      handle(request) {
        const name = request.parameters['assignment']!;
        const scope = request.parameters['scope']!;
        if (!guid.test(name))
          throw invalidRequestContent(
            `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID`,
          );
        const given = readAssignment(request.body);
        const role = roles.definition(given.roleDefinitionId.split('/').at(-1)!);
        if (role === undefined || !role.assignableScopes.some((each) => covers(each, scope)))
          throw roleDefinitionDoesNotExist(given.roleDefinitionId.split('/').at(-1)!);
        const principal = principals.find(given.principalId);
        if (principal === undefined || principal.id !== given.principalId.toLowerCase())
          throw principalNotFound(given.principalId);
        const before = find(request);
        const twin = roles
          .assignments()
          .find((each) => each.principalId === principal.id && each.roleName === role.name && same(each.scope, scope));
        if (twin !== undefined) throw roleAssignmentExists(twin.name.replaceAll('-', ''));
        if (before !== undefined) throw roleAssignmentUpdateNotPermitted();
        const now = clock.now();
        const assignment: RoleAssignment = {
          name,
          scope,
          roleName: role.name,
          principalId: principal.id,
          principalType: 'ServicePrincipal',
          ...(given.description !== undefined && { description: given.description }),
          createdBy: request.callerId,
          createdOn: now.toISOString(),
          effectiveOn: new Date(now.getTime() + roles.propagationMs).toISOString(),
        };
        roles.putAssignment(assignment);
        return { status: 201, body: shown(assignment) };
      },
    },
    {
      method: 'GET',
      path,
      action: action('read'),
      apiVersions,
      handle(request) {
        const assignment = find(request);
        if (assignment === undefined) throw roleAssignmentNotFound(request.parameters['assignment']!);
        return { status: 200, body: shown(assignment) };
      },
    },
    {
      method: 'DELETE',
      path,
      action: action('delete'),
      apiVersions,
      query: ['tenantId'],
      handle(request) {
        const assignment = find(request);
        if (assignment === undefined) return { status: 204 };
        roles.deleteAssignment(assignment);
        return { status: 200, body: shown(assignment) };
      },
    },
    {
      method: 'GET',
      path: '{scope+}/providers/Microsoft.Authorization/roleAssignments',
      action: action('read'),
      apiVersions,
      query: ['$filter', 'tenantId', '$skipToken'],
      handle({ parameters, query }) {
        const fits = assignmentFilter(query.get('$filter'), parameters['scope']!);
        return { status: 200, body: { value: roles.assignments().filter(fits).map(shown) } };
      },
    },
  ];
}

/** Without a filter: at the scope, above and below. @throws ArmError for a filter that Azure does not know either */
function assignmentFilter(filter: string | null, scope: string): (assignment: RoleAssignment) => boolean {
  const above = (each: RoleAssignment): boolean => covers(each.scope, scope);
  const anywhere = (each: RoleAssignment): boolean => above(each) || covers(scope, each.scope);
  if (filter === null || filter.trim() === '') return anywhere;
  const tests = filter.split(/\s+and\s+/i).map((part) => {
    if (/^\s*atScope\(\)\s*$/i.test(part)) return above;
    const principal =
      /^\s*principalId\s+eq\s+'([^']+)'\s*$/i.exec(part)?.[1] ?? /^\s*assignedTo\('([^']+)'\)\s*$/i.exec(part)?.[1];
    if (principal === undefined) throw invalidFilter(filter);
    return (each: RoleAssignment): boolean => each.principalId === principal.toLowerCase() && anywhere(each);
  });
  return (each) => tests.every((test) => test(each));
}

interface GivenAssignment {
  readonly roleDefinitionId: string;
  readonly principalId: string;
  readonly description?: string;
}

const known = new Set([
  'roleDefinitionId',
  'principalId',
  'principalType',
  'description',
  'condition',
  'conditionVersion',
  'canDelegate',
  'scope',
]);

function readAssignment(body: JsonObject | undefined): GivenAssignment {
  const given = (body?.['properties'] ?? {}) as JsonObject;
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw invalidRequestContent(`Could not find member '${unknown}' on object of type 'RoleAssignmentProperties'`);
  const { roleDefinitionId, principalId, description, condition } = given;
  if (typeof roleDefinitionId !== 'string') throw invalidRequestContent("'roleDefinitionId' is missing");
  if (condition != null) throw invalidRequestContent('conditions on role assignments are not supported');
  if (typeof principalId !== 'string' || !guid.test(principalId)) throw invalidPrincipalId(String(principalId));
  return { roleDefinitionId, principalId, ...(typeof description === 'string' && { description }) };
}

function shown(assignment: RoleAssignment): JsonObject {
  const { scope, name } = assignment;
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? '';
  return {
    id: `${scope === '/' ? '' : scope}/providers/${type}/${name}`,
    name,
    type,
    properties: {
      roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${assignment.roleName}`,
      principalId: assignment.principalId,
      principalType: assignment.principalType,
      scope,
      condition: null,
      conditionVersion: null,
      createdOn: assignment.createdOn,
      updatedOn: assignment.createdOn,
      createdBy: assignment.createdBy,
      updatedBy: assignment.createdBy,
      delegatedManagedIdentityResourceId: null,
      description: assignment.description ?? null,
    },
  };
}
