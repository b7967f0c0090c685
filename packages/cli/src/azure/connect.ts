import { existsSync, readFileSync } from 'node:fs';
import {
  type AgentPools,
  type Authorization,
  AzureError,
  azureCliAccount,
  azureCliCloud,
  type Cloud,
  cloudFromEnvironment,
  type Compute,
  createAzure,
  createWire,
  type Credential,
  azureCli,
  credentialFromEnvironment,
  type Environment,
  type Identities,
  type ManagedClusters,
  proxyFromEnvironment,
  type Registries,
  systemClock,
  type Wire,
} from '@kaito/azure';
import { usage } from '../failure.ts';
import type { Session } from '../session.ts';
import { explained } from './explain.ts';

/** One subscription of Azure, as the person who is logged in. */
export interface AzureAccess {
  readonly cloud: Cloud;
  readonly subscriptionId: string;
  readonly credential: Credential;
  readonly clusters: ManagedClusters;
  readonly identities: Identities;
  readonly registries: Registries;
  readonly compute: Compute;
  readonly authorization: Authorization;
  agentPools(cluster: { readonly resourceGroup: string; readonly name: string }): AgentPools;
}

/** Connects, runs `work` and disconnects. Throws a Failure for whatever Azure, or the way there, refuses. */
export async function onAzure<T>(
  { terminal: { env } }: Session,
  subscription: string | undefined,
  work: (azure: AzureAccess) => Promise<T>,
): Promise<T> {
  const wire = wireOf(env);
  try {
    const subscriptionId = await subscriptionOf(subscription, env);
    const cloud = await cloudOf(env, wire);
    const credential = credentialOf(env, cloud, wire, subscriptionId);
    const azure = createAzure({ cloud, credential, wire });
    return await work({
      cloud,
      subscriptionId,
      credential,
      clusters: azure.managedClusters(subscriptionId),
      identities: azure.identities(subscriptionId),
      registries: azure.registries(subscriptionId),
      compute: azure.compute(subscriptionId),
      authorization: azure.authorization,
      agentPools: (cluster) => azure.agentPools({ subscriptionId, ...cluster }),
    });
  } catch (error) {
    throw explained(error);
  } finally {
    wire.close();
  }
}

/** Connections to Azure, not yet opened. */
export function wireOf(env: Environment): Wire {
  const bundle = env['REQUESTS_CA_BUNDLE'];
  return createWire({
    clock: systemClock,
    userAgent: 'kaito-cli',
    proxy: proxyFromEnvironment(env),
    // What the Azure CLI trusts is trusted here too.
    ...(bundle != null && existsSync(bundle) && { authorities: readFileSync(bundle, 'utf8') }),
  });
}

const guid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The flag's, else the environment's, else the one that is active in the Azure CLI. */
async function subscriptionOf(flag: string | undefined, env: Environment): Promise<string> {
  if (flag != null && !guid.test(flag))
    throw usage(
      `--subscription takes an id, not '${flag}'.`,
      `See it: az account show --subscription '${flag}' --query id -o tsv.`,
    );
  const named = flag ?? env['AZURE_SUBSCRIPTION_ID'] ?? env['ARM_SUBSCRIPTION_ID'];
  if (named != null && named !== '') return named;
  try {
    return (await azureCliAccount({ env, clock: systemClock })).subscriptionId;
  } catch (error) {
    if (!(error instanceof AzureError) || error.code !== 'NoCredential') throw error;
    throw new AzureError('NoCredential', {
      message: `no subscription is named, and ${error.message}`,
      remedy: `give --subscription ID, or ${error.remedy}`,
      retry: 'later',
      cause: error,
    });
  }
}

const cloudVariables = ['ARM_ENDPOINT', 'AZURE_RESOURCE_MANAGER_ENDPOINT', 'AZURE_ENVIRONMENT', 'ARM_ENVIRONMENT'];
const loginVariables = ['AZURE_CLIENT_SECRET', 'AZURE_FEDERATED_TOKEN_FILE', 'IDENTITY_ENDPOINT'];

const setIn = (env: Environment) => (name: string) => env[name] != null && env[name] !== '';

/** Whom the environment names, else the person of `az login`; never the identity of the machine that this happens to run on. */
export function credentialOf(env: Environment, cloud: Cloud, wire: Wire, subscriptionId?: string): Credential {
  if (loginVariables.some(setIn(env))) return credentialFromEnvironment({ env, cloud, wire });
  return azureCli({ env, clock: systemClock, subscriptionId });
}

/** The cloud that the environment names, else for a login of the Azure CLI the one that is active there. */
export async function cloudOf(env: Environment, wire: Wire): Promise<Cloud> {
  if ([...cloudVariables, ...loginVariables].some(setIn(env))) return await cloudFromEnvironment({ env, wire });
  try {
    return await azureCliCloud({ env, clock: systemClock });
  } catch (error) {
    if (!(error instanceof AzureError) || error.code !== 'NoCredential') throw error;
    return await cloudFromEnvironment({ env, wire });
  }
}
