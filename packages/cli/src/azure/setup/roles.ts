import { AzureError, type Identity, type RoleDefinition } from '@kaito/azure';
import { quoted } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { isRightMissing, permitted } from '../explain.ts';
import { ownRole, putOwnRole } from '../own-role.ts';
import { nameOf, sameName } from '../resource-id.ts';
import { contributor, excessOf, type Need } from '../rights.ts';
import type { Step } from '../steps/step.ts';
import type { IdentityChoice } from './identity.ts';

const defineAction = 'Microsoft.Authorization/roleDefinitions/write';
const assignAction = 'Microsoft.Authorization/roleAssignments/write';

export interface RoleTools {
  readonly azure: AzureAccess;
  readonly identity: IdentityChoice;
  /** The identity, once it is there. */
  readonly identityNow: () => Identity;
  readonly pause: (ms: number) => Promise<void>;
  /** Asked where the narrow role is refused when it is to be made: may the built-in one be given instead? */
  readonly mayWiden: (warning: string) => Promise<boolean>;
}

/** What gives the provisioner the rights of one need, least first: a role of its own, else the narrowest of Azure's. */
export async function roleSteps(need: Need, tools: RoleTools): Promise<readonly Step[]> {
  const { azure, identity } = tools;
  const { authorization } = azure;
  const held =
    identity.found === undefined
      ? undefined
      : await permitted(authorization.rightsOf(identity.found.principalId, need.scope));
  const { custom, builtIn } = need;
  const [existing, mayDefine, mayAssign] = await Promise.all([
    permitted(ownRole(azure, need)),
    mayDo(azure, custom.scope, defineAction),
    mayDo(azure, need.scope, assignAction),
  ]);
  const sufficient = existing !== undefined && grants(existing, need.actions);
  const narrow = sufficient && held?.roles.includes(existing.roleName) === true;
  const mayNarrow = sufficient || mayDefine;
  // Rights by a wide role do; the narrow one is given beside it, so that the wide one can be taken away.
  if (held?.missing(need.actions).length === 0 && (narrow || !mayNarrow || excessOf(held).length === 0))
    return [
      {
        name: 'role',
        state: 'already',
        says: `${identity.name} may do what it needs on ${need.where}, by ${held.roles.join(', ')}`,
        commands: [],
      },
    ];
  if (!mayNarrow) {
    const roleId = () => builtInId(azure, need.scope, builtIn.roleName);
    return [assignment({ ...need, roleName: builtIn.roleName, warning: widening(need), mayAssign, roleId }, tools)];
  }
  const roleName = existing?.roleName ?? custom.roleName;
  let made: RoleDefinition | undefined = sufficient ? existing : undefined;
  let instead: string | undefined;
  const define: Step = {
    name: 'role',
    state: sufficient ? 'already' : 'todo',
    says: sufficient
      ? `the role ${roleName}`
      : `${existing === undefined ? 'define' : 'mend'} the role ${roleName}, with just the rights that are needed on ${need.where}`,
    commands: [definitionCommand(need, roleName, existing === undefined ? 'create' : 'update')],
    run: async () => {
      try {
        made = await putOwnRole(azure, need, existing);
        return `defined the role ${made.roleName}`;
      } catch (error) {
        if (!isRightMissing(error) || !(await tools.mayWiden(widening(need)))) throw error;
        instead = builtIn.roleName;
        return `you may not define roles: ${builtIn.roleName} is given instead`;
      }
    },
  };
  const roleId = async () =>
    instead === undefined && made !== undefined
      ? made.id
      : await builtInId(azure, need.scope, instead ?? builtIn.roleName);
  return [define, assignment({ ...need, roleName, mayAssign, roleId }, tools)];
}

/** The seed's grant: Contributor on the cluster's resource group. */
export async function contributorStep(scope: string, where: string, tools: RoleTools): Promise<Step> {
  const { azure, identity } = tools;
  const { roleName, reaches } = contributor;
  const [role, given, mayAssign] = await Promise.all([
    azure.authorization.findRole(scope, roleName),
    permitted(azure.authorization.assignments(scope)),
    mayDo(azure, scope, assignAction),
  ]);
  const principal = identity.found?.principalId ?? '';
  const held = given?.some(
    (each) =>
      sameName(each.scope, scope) &&
      sameName(each.principalId, principal) &&
      sameName(nameOf(each.roleDefinitionId), nameOf(role?.id ?? '')),
  );
  if (held === true)
    return { name: 'role', state: 'already', says: `${identity.name} is ${roleName} on ${where}`, commands: [] };
  return assignment(
    {
      scope,
      where,
      roleName,
      warning: `${roleName} reaches far: ${reaches}`,
      mayAssign,
      roleId: () => builtInId(azure, scope, roleName),
    },
    tools,
  );
}

function assignment(
  of: {
    readonly scope: string;
    readonly where: string;
    readonly roleName: string;
    readonly warning?: string;
    readonly mayAssign: boolean;
    readonly roleId: () => Promise<string>;
  },
  { azure, identity, identityNow, pause }: RoleTools,
): Step {
  const { scope, where, roleName, warning } = of;
  return {
    name: 'role assignment',
    state: of.mayAssign ? 'todo' : 'by hand',
    says: of.mayAssign
      ? `give ${identity.name} the role ${roleName} on ${where}`
      : `${identity.name} needs the role ${roleName} on ${where}, and you may not give roles there: have an Owner or User Access Administrator do it`,
    commands: [assignmentCommand({ scope, roleName, identity })],
    ...(warning == null ? {} : { warning }),
    run: async () => {
      const roleDefinitionId = await of.roleId();
      const { principalId } = identityNow();
      await patiently(() => azure.authorization.assign({ scope, principalId, roleDefinitionId }), pause);
      return `gave ${identity.name} its role on ${where}; it is known everywhere within 10 minutes`;
    },
  };
}

export function assignmentCommand({
  scope,
  roleName,
  identity,
}: {
  readonly scope: string;
  readonly roleName: string;
  readonly identity: Pick<IdentityChoice, 'name' | 'resourceGroup' | 'found'>;
}): string {
  const principal =
    identity.found?.principalId ??
    `"$(az identity show -g ${quoted(identity.resourceGroup)} -n ${quoted(identity.name)} --query principalId -o tsv)"`;
  return `az role assignment create --role ${quoted(roleName)} --assignee-object-id ${principal} --assignee-principal-type ServicePrincipal --scope ${quoted(scope)}`;
}

function definitionCommand({ custom }: Need, roleName: string, verb: 'create' | 'update'): string {
  const { description, actions, scope } = custom;
  return `az role definition ${verb} --role-definition ${quoted(JSON.stringify({ Name: roleName, Description: description, Actions: actions, AssignableScopes: [scope] }))}`;
}

const widening = ({ builtIn, where }: Need) =>
  `you may not define roles, so ${builtIn.roleName} is given, the narrowest of Azure's own that suffices on ${where}: ${builtIn.reaches}`;

/** Where Azure does not even say what they may do, they may try. */
async function mayDo(azure: AzureAccess, scope: string, action: string): Promise<boolean> {
  return (await permitted(azure.authorization.ownRights(scope)))?.allows(action) ?? true;
}

function grants({ permissions }: RoleDefinition, actions: readonly string[]): boolean {
  return actions.every((action) =>
    permissions.some((set) => set.actions.some((each) => each.toLowerCase() === action.toLowerCase())),
  );
}

async function builtInId(azure: AzureAccess, scope: string, roleName: string): Promise<string> {
  const role = await azure.authorization.findRole(scope, roleName);
  if (role !== undefined) return role.id;
  throw new AzureError('NotFound', {
    message: `there is no role ${roleName}`,
    remedy: `az role definition list --name ${quoted(roleName)}`,
    retry: 'never',
  });
}

const tries = 12;
const pauseMs = 5000;

/** New identities and roles are known to Azure's other servers within a minute. */
async function patiently<T>(assign: () => Promise<T>, pause: (ms: number) => Promise<void>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await assign();
    } catch (error) {
      if (!(error instanceof AzureError) || !isNotKnownYet(error) || attempt === tries) throw error;
      await pause(pauseMs);
    }
  }
}

function isNotKnownYet({ code, retry, azureCode }: AzureError): boolean {
  return (code === 'NotFound' && retry === 'soon') || azureCode === 'RoleDefinitionDoesNotExist';
}
