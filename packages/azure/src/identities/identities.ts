import { apiVersions } from '../arm/api-versions.ts';
import { armPath } from '../arm/path.ts';
import type { ResourceManager } from '../arm/resource-manager.ts';
import type { Call } from '../call.ts';
import { absent, ignoreMissing } from '../errors/absent.ts';
import { objectOf, textOf, textRecordOf, textsOf } from '../json.ts';

/** A user-assigned managed identity. */
export interface Identity {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  /** What AZURE_CLIENT_ID is set to. */
  readonly clientId: string;
  /** Object id of its service principal, to which roles are given. */
  readonly principalId: string;
  readonly tenantId: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Which tokens of another issuer stand for an identity. */
export interface FederatedCredential {
  readonly name: string;
  readonly issuer: string;
  /** E.g. `system:serviceaccount:NAMESPACE:NAME`; compared with regard to case. */
  readonly subject: string;
  readonly audiences: readonly string[];
}

export interface Identities {
  /** Undefined: there is none. @throws AzureError */
  get(resourceGroup: string, name: string, call?: Call): Promise<Identity | undefined>;
  /** Of the whole subscription. @throws AzureError */
  list(call?: Call): Promise<readonly Identity[]>;
  /** Creates it, or answers with the one that is there, which gets these tags instead of its own where some are given. @throws AzureError */
  create(
    identity: {
      readonly resourceGroup: string;
      readonly name: string;
      readonly location: string;
      readonly tags?: Readonly<Record<string, string>>;
    },
    call?: Call,
  ): Promise<Identity>;
  /** Also where there is none. @throws AzureError */
  delete(resourceGroup: string, name: string, call?: Call): Promise<void>;
  /** @throws AzureError `NotFound` without the identity */
  federatedCredentials(resourceGroup: string, name: string, call?: Call): Promise<readonly FederatedCredential[]>;
  /** Creates it, or makes the one of that name so. One at a time for an identity: Azure refuses concurrent writes. @throws AzureError */
  putFederatedCredential(
    resourceGroup: string,
    name: string,
    credential: FederatedCredential,
    call?: Call,
  ): Promise<FederatedCredential>;
  /** Also where there is none. @throws AzureError */
  deleteFederatedCredential(resourceGroup: string, name: string, credential: string, call?: Call): Promise<void>;
}

export function createIdentities(resourceManager: ResourceManager, subscriptionId: string): Identities {
  const apiVersion = apiVersions.managedIdentity;
  const type = ['providers', 'Microsoft.ManagedIdentity', 'userAssignedIdentities'] as const;
  const path = (resourceGroup: string, name: string, ...more: readonly string[]) =>
    armPath('subscriptions', subscriptionId, 'resourceGroups', resourceGroup, ...type, name, ...more);
  const federated = 'federatedIdentityCredentials';
  return {
    get: (resourceGroup, name, call) =>
      absent(async () => {
        const answer = await resourceManager.send({
          method: 'GET',
          path: path(resourceGroup, name),
          apiVersion,
          ...call,
        });
        return identityOf(answer.body);
      }),
    async list(call) {
      const all = armPath('subscriptions', subscriptionId, ...type);
      return (await resourceManager.list({ path: all, apiVersion, ...call })).map(identityOf);
    },
    async create({ resourceGroup, name, location, tags }, call) {
      const body = { location, ...(tags !== undefined && { tags }) };
      const answer = await resourceManager.send({
        method: 'PUT',
        path: path(resourceGroup, name),
        apiVersion,
        body,
        ...call,
      });
      return identityOf(answer.body);
    },
    delete: (resourceGroup, name, call) =>
      ignoreMissing(() =>
        resourceManager.send({ method: 'DELETE', path: path(resourceGroup, name), apiVersion, ...call }),
      ),
    async federatedCredentials(resourceGroup, name, call) {
      const items = await resourceManager.list({ path: path(resourceGroup, name, federated), apiVersion, ...call });
      return items.map(federatedCredentialOf);
    },
    async putFederatedCredential(resourceGroup, name, { name: credential, issuer, subject, audiences }, call) {
      const answer = await resourceManager.send({
        method: 'PUT',
        path: path(resourceGroup, name, federated, credential),
        apiVersion,
        body: { properties: { issuer, subject, audiences } },
        ...call,
      });
      return federatedCredentialOf(answer.body);
    },
    deleteFederatedCredential: (resourceGroup, name, credential, call) =>
      ignoreMissing(() =>
        resourceManager.send({
          method: 'DELETE',
          path: path(resourceGroup, name, federated, credential),
          apiVersion,
          ...call,
        }),
      ),
  };
}

function identityOf(body: unknown): Identity {
  const identity = objectOf(body) ?? {};
  const properties = objectOf(identity['properties']) ?? {};
  return {
    id: textOf(identity['id']) ?? '',
    name: textOf(identity['name']) ?? '',
    location: textOf(identity['location']) ?? '',
    clientId: textOf(properties['clientId']) ?? '',
    principalId: textOf(properties['principalId']) ?? '',
    tenantId: textOf(properties['tenantId']) ?? '',
    tags: textRecordOf(identity['tags']),
  };
}

function federatedCredentialOf(body: unknown): FederatedCredential {
  const credential = objectOf(body) ?? {};
  const properties = objectOf(credential['properties']) ?? {};
  return {
    name: textOf(credential['name']) ?? '',
    issuer: textOf(properties['issuer']) ?? '',
    subject: textOf(properties['subject']) ?? '',
    audiences: textsOf(properties['audiences']),
  };
}
