import { randomUUID } from 'node:crypto';
import { adminInvalid } from '../errors/admin-errors.ts';
import type { Roles } from '../authorization/enforce.ts';
import type { AccessTokens } from '../entra/access-tokens.ts';
import type { Directory } from '../entra/directory.ts';
import type { Issuers } from '../entra/issuers.ts';
import { putSubscription } from '../resources/subscription-routes.ts';
import type { JsonObject, Store } from '../store/store.ts';
import type { AdminRoute } from '../wire/service.ts';
import { checkFields, neededText } from './fields.ts';

export interface AccountOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly roles: Roles;
  readonly tokens: AccessTokens;
  readonly issuers: Issuers;
  readonly tenantId: string;
}

/** Subscriptions, service principals, rights, tokens and issuers, made and taken away without asking anyone. */
export function accountRoutes(options: AccountOptions): AdminRoute[] {
  const { store, directory, roles, tokens, issuers, tenantId } = options;

  function newPrincipal(body: JsonObject): JsonObject {
    const { displayName, role, scope } = body;
    if ((role === undefined) !== (scope === undefined)) throw adminInvalid("'role' and 'scope' go together");
    if (role !== undefined && roles.definition(String(role)) === undefined)
      throw adminInvalid(`there is no role '${String(role)}'`);
    const principal = directory.create({
      displayName: typeof displayName === 'string' ? displayName : 'made on demand',
      servicePrincipalType: 'Application',
    });
    if (role !== undefined) roles.assign(principal.id, String(scope), String(role));
    return {
      appId: principal.appId,
      objectId: principal.id,
      secret: directory.addSecret(principal.appId),
      tenantId,
    };
  }

  return [
    {
      method: 'POST',
      path: '/subscriptions',
      handle(_, body) {
        checkFields(body, { displayName: 'string' });
        const subscriptionId = randomUUID();
        putSubscription(store, subscriptionId, String(body['displayName'] ?? 'made on demand'));
        // Its owner comes with it.
        const owner = newPrincipal({ displayName: 'owner', role: 'Owner', scope: `/subscriptions/${subscriptionId}` });
        return { subscriptionId, ...owner };
      },
    },
    {
      method: 'POST',
      path: '/service-principals',
      handle(_, body) {
        checkFields(body, { displayName: 'string', role: 'string', scope: 'string' });
        return newPrincipal(body);
      },
    },
    {
      method: 'POST',
      path: '/role-assignments',
      handle(_, body) {
        checkFields(body, { principalId: 'string', role: 'string', scope: 'string' });
        const role = roles.definition(neededText(body, 'role'));
        if (role === undefined) throw adminInvalid(`there is no role '${String(body['role'])}'`);
        roles.assign(objectIdOf(neededText(body, 'principalId')), neededText(body, 'scope'), role.roleName);
      },
    },
    {
      method: 'DELETE',
      path: '/role-assignments',
      handle(_, body) {
        checkFields(body, { principalId: 'string', role: 'string', scope: 'string' });
        const principalId = objectIdOf(neededText(body, 'principalId'));
        const role = typeof body['role'] === 'string' ? roles.definition(body['role'])?.name : undefined;
        const scope = typeof body['scope'] === 'string' ? body['scope'].toLowerCase() : undefined;
        const gone = roles
          .assignments()
          .filter((each) => each.principalId === principalId)
          .filter((each) => body['role'] === undefined || each.roleName === role)
          .filter((each) => scope === undefined || each.scope.toLowerCase() === scope);
        for (const assignment of gone) roles.deleteAssignment(assignment);
        return { deleted: gone.length };
      },
    },
    {
      method: 'POST',
      path: '/tokens/expire',
      handle(_, body) {
        checkFields(body, { principalId: 'string' });
        tokens.expireAll(typeof body['principalId'] === 'string' ? objectIdOf(body['principalId']) : undefined);
      },
    },
    {
      method: 'PUT',
      path: '/issuers',
      handle(_, body) {
        checkFields(body, { issuer: 'string', discovery: 'string', keys: 'string', authority: 'string' });
        issuers.add(neededText(body, 'issuer'), {
          discovery: neededText(body, 'discovery'),
          ...(typeof body['keys'] === 'string' && { keys: body['keys'] }),
          ...(typeof body['authority'] === 'string' && { authority: body['authority'] }),
        });
      },
    },
    {
      method: 'PUT',
      path: '/settings',
      handle(_, body) {
        checkFields(body, { propagationMs: 'number' });
        if (typeof body['propagationMs'] === 'number') roles.propagationMs = body['propagationMs'];
      },
    },
  ];

  function objectIdOf(id: string): string {
    const principal = directory.find(id);
    if (principal === undefined) throw adminInvalid(`there is no principal '${id}'`);
    return principal.id;
  }
}
