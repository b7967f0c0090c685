import type { FederatedCredential } from '../entra/assertion.ts';
import type { Principal } from '../entra/principals.ts';
import {
  duplicateFederatedCredential,
  federatedCredentialInvalid,
  tooManyFederatedCredentials,
} from '../errors/identity-errors.ts';
import { resourceNotFound } from '../errors/resource-errors.ts';
import { invalidRequestContent } from '../errors/request-errors.ts';
import type { JsonObject, Resource, Store } from '../store/store.ts';
import type { ArmRequest, ArmRoute } from '../wire/service.ts';

const type = 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials';
const action = (verb: string): string => `${type}/${verb}`;
export const identityPath =
  '/subscriptions/{subscriptionId}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}';

/** An identity may have so many. */
const limit = 20;

/** The federated credentials that a principal's identity has. */
export function federatedCredentialsOf(store: Store, { alternativeId }: Principal): readonly FederatedCredential[] {
  if (alternativeId === undefined) return [];
  return store.list(alternativeId, type).map(({ properties }) => properties as unknown as FederatedCredential);
}

/** Federated credentials of managed identities: at most 20 each, no two of one issuer and subject. */
export function federatedCredentialRoutes(store: Store, apiVersions: readonly string[]): ArmRoute[] {
  const path = `${identityPath}/federatedIdentityCredentials/{credential}`;

  function identityOf({ parameters, path }: ArmRequest): Resource {
    const id = path.replace(/\/federatedIdentityCredentials(\/[^/]*)?$/i, '');
    const identity = store.get(id);
    if (identity === undefined)
      throw resourceNotFound(
        `Microsoft.ManagedIdentity/userAssignedIdentities/${parameters['name']}`,
        parameters['group']!,
      );
    return identity;
  }

  function existing(request: ArmRequest): Resource {
    const identity = identityOf(request);
    const credential = store.get(request.path);
    if (credential === undefined)
      throw resourceNotFound(
        `Microsoft.ManagedIdentity/userAssignedIdentities/${identity.name}/federatedIdentityCredentials/${request.parameters['credential']}`,
        request.parameters['group']!,
      );
    return credential;
  }

  return [
    {
      method: 'PUT',
      path,
      action: action('write'),
      apiVersions,
      handle(request) {
        const identity = identityOf(request);
        const name = request.parameters['credential']!;
        if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(name))
          throw federatedCredentialInvalid(
            `The name '${name}' must have 3 to 120 letters, digits, dashes and underscores.`,
          );
        const given = readProperties(request.body);
        const before = store.get(request.path);
        const others = store.list(identity.id, type).filter((each) => each.id !== before?.id);
        if (before === undefined && others.length >= limit) throw tooManyFederatedCredentials(limit);
        const same = others.find(
          ({ properties }) => properties['issuer'] === given['issuer'] && properties['subject'] === given['subject'],
        );
        if (same !== undefined) throw duplicateFederatedCredential(same.name);
        const credential: Resource = {
          id: before?.id ?? `${identity.id}/federatedIdentityCredentials/${name}`,
          name: before?.name ?? name,
          type,
          properties: given,
        };
        store.put(credential);
        return { status: before === undefined ? 201 : 200, body: { ...credential } };
      },
    },
    {
      method: 'GET',
      path,
      action: action('read'),
      apiVersions,
      handle: (request) => ({ status: 200, body: { ...existing(request) } }),
    },
    {
      method: 'DELETE',
      path,
      action: action('delete'),
      apiVersions,
      handle(request) {
        identityOf(request);
        if (store.get(request.path) === undefined) return { status: 204 };
        store.delete(request.path);
        return { status: 200 };
      },
    },
    {
      method: 'GET',
      path: `${identityPath}/federatedIdentityCredentials`,
      action: action('read'),
      apiVersions,
      query: ['$top', '$skiptoken'],
      handle(request) {
        const value = store.list(identityOf(request).id, type).map((each): JsonObject => ({ ...each }));
        return { status: 200, body: { value } };
      },
    },
  ];
}

function readProperties(body: JsonObject | undefined): JsonObject {
  const properties = body?.['properties'];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    throw invalidRequestContent("the body needs 'properties'");
  const given = properties as JsonObject;
  const unknown = Object.keys(given).find((name) => !['issuer', 'subject', 'audiences'].includes(name));
  if (unknown !== undefined)
    throw invalidRequestContent(
      `Could not find member '${unknown}' on object of type 'FederatedIdentityCredentialProperties'`,
    );
  const { issuer, subject, audiences } = given;
  if (typeof issuer !== 'string' || URL.parse(issuer)?.protocol !== 'https:')
    throw federatedCredentialInvalid('The property issuer must be an https address.');
  if (typeof subject !== 'string' || subject === '' || subject.length > 600)
    throw federatedCredentialInvalid('The property subject must have 1 to 600 characters.');
  if (!Array.isArray(audiences) || audiences.length !== 1 || typeof audiences[0] !== 'string' || audiences[0] === '')
    throw federatedCredentialInvalid('The property audiences must hold exactly one audience.');
  return { issuer, subject, audiences };
}
