import { expect } from 'vitest';
import type { JsonObject } from '../../store/store.ts';
import { type RunningAzure } from '../../running-azure.ts';
import { startAzure } from '../../setup.ts';
import type { Driver } from '../driver/driver.ts';
import { clusterBody } from './memory-azure.ts';
import { Rest } from './rest.ts';

const audience = 'api://AzureADTokenExchange';

/** Something that ServiceAccounts' tokens come from. */
export interface TokenSource {
  /** Makes a ServiceAccount in namespace default, where it is not there. */
  account(name: string): Promise<void>;
  /** A token of a ServiceAccount of namespace default. */
  mint(account: string, audience: string): Promise<string>;
}

/**
 * The seed's identity chapter over the wire, with the API server of the cluster signing: a token of the federated ServiceAccount is worth an access
 * token of the managed identity; one of another audience or account is not.
 */
export async function playFederation(driver: Driver, sourceOf: (cluster: JsonObject) => TokenSource): Promise<void> {
  const azure: RunningAzure = await startAzure({ driver, operationMs: 0 });
  const rest = new Rest(azure);
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/KaitoLab`;
  const path = `${group}/providers/Microsoft.ContainerService/managedClusters/kaito?api-version=2026-06-01`;
  try {
    await rest.arm('PUT', `${group}?api-version=2024-11-01`, { location: 'westus3' });
    expect(await rest.done('PUT', path, clusterBody({}, { count: 1 }))).toMatchObject({ status: 'Succeeded' });
    const cluster = (await rest.arm('GET', path)).body;
    const { oidcIssuerProfile, identityProfile } = cluster['properties'] as JsonObject;
    const issuer = String((oidcIssuerProfile as JsonObject)['issuerURL']);
    const identity = (identityProfile as JsonObject)['kubeletidentity'] as JsonObject;
    const credential = `${String(identity['resourceId'])}/federatedIdentityCredentials/kaito?api-version=2025-01-31-preview`;
    const federated = await rest.arm('PUT', credential, {
      properties: { issuer, subject: 'system:serviceaccount:default:default', audiences: [audience] },
    });
    expect(federated.status).toBe(201);
    const source = sourceOf(cluster);
    await source.account('other');
    const exchange = async (account: string, of: string) =>
      await rest.token({
        client_id: String(identity['clientId']),
        client_assertion: await source.mint(account, of),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      });
    expect(await exchange('default', audience)).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', access_token: expect.any(String) },
    });
    for (const [account, of] of [
      ['default', 'https://other.example'],
      ['other', audience],
    ] as const)
      expect(await exchange(account, of)).toMatchObject({
        status: 401,
        body: { error: 'invalid_client', error_description: expect.stringMatching(/^AADSTS70021/) },
      });
    expect(await rest.done('DELETE', path)).toMatchObject({ status: 'Succeeded' });
  } finally {
    await azure.stop();
  }
}
