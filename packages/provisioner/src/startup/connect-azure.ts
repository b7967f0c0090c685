import {
  type AgentPools,
  AzureError,
  type Cloud,
  cloudFromEnvironment,
  type Compute,
  createAzure,
  createWire,
  type Credential,
  managedIdentity,
  proxyFromEnvironment,
  workloadIdentity,
} from '@kaito/azure';
import type { Clock, Logger } from '@kaito/kube';
import { fieldManager } from '../options.ts';
import type { Settings } from '../settings.ts';

/** Azure, as the identity that the settings name. */
export interface AzureConnection {
  readonly cloud: Cloud;
  readonly credential: Credential;
  readonly agentPools: AgentPools;
  readonly compute: Compute;
}

/** @throws AzureError where the environment names no cloud, or one that does not answer */
export async function connectAzure(
  settings: Pick<Settings, 'cluster' | 'identity'>,
  environment: NodeJS.ProcessEnv,
  { clock, logger, signal }: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<AzureConnection> {
  const { cluster, identity } = settings;
  const proxy = proxyFromEnvironment(environment);
  const wire = createWire({ clock, logger, userAgent: fieldManager, proxy });
  const cloud = await cloudFromEnvironment({ env: environment, wire, signal });
  const credential =
    identity.kind === 'managed'
      ? managedIdentity(wire, identity)
      : workloadIdentity(wire, { ...identity, authorityHost: cloud.authorityHost });
  const azure = createAzure({ cloud, credential, wire });
  return {
    cloud,
    credential,
    agentPools: azure.agentPools(cluster),
    compute: azure.compute(cluster.subscriptionId),
  };
}

/**
 * Gets one token, so that a missing federation shows at once and in one line, with the command that mends it; the pod is started again until
 * then. What passes by itself, such as the network, is no reason to end.
 *
 * @throws AzureError
 */
export async function checkIdentity(
  { cloud, credential }: Pick<AzureConnection, 'cloud' | 'credential'>,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await credential.token(cloud.resourceManagerAudience, { signal });
  } catch (error) {
    if (!(error instanceof AzureError) || error.retry !== 'soon') throw error;
    logger.log('warn', 'no token yet; it is asked for again when it is needed', { error });
  }
}
