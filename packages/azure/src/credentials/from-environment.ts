import type { Cloud } from '../cloud.ts';
import { variable } from '../environment.ts';
import type { Environment } from '../environment.ts';
import { AzureError } from '../errors/azure-error.ts';
import type { Wire } from '../wire/wire.ts';
import { azureCli } from './azure-cli.ts';
import { clientSecret } from './client-secret.ts';
import type { Credential } from './credential.ts';
import { managedIdentity } from './managed-identity.ts';
import { workloadIdentity } from './workload-identity.ts';

/** How long a machine that may be none of Azure's is asked for its identity, ms. */
const probeMs = 1_000;

/**
 * The identity that the environment tells: a service principal (AZURE_CLIENT_SECRET), a workload identity (AZURE_FEDERATED_TOKEN_FILE), that
 * of App Service and alike (IDENTITY_ENDPOINT), one of the machine's (AZURE_CLIENT_ID alone); else the Azure CLI's login, else the machine's own. What is named and does not work is an
 * error, and never another identity.
 *
 * @throws AzureError `NoCredential` where something is named by half
 */
export function credentialFromEnvironment(options: {
  readonly env: Environment;
  readonly cloud: Pick<Cloud, 'authorityHost'>;
  readonly wire: Wire;
}): Credential {
  const { env, cloud, wire } = options;
  const clientId = variable(env, 'AZURE_CLIENT_ID');
  const secret = variable(env, 'AZURE_CLIENT_SECRET');
  const tokenFile = variable(env, 'AZURE_FEDERATED_TOKEN_FILE');
  const client = (because: string) => ({
    authorityHost: cloud.authorityHost,
    clientId: needed(env, 'AZURE_CLIENT_ID', because),
    tenantId: needed(env, 'AZURE_TENANT_ID', because),
  });
  if (secret !== undefined) return clientSecret(wire, { ...client('AZURE_CLIENT_SECRET'), secret });
  if (tokenFile !== undefined) return workloadIdentity(wire, { ...client('AZURE_FEDERATED_TOKEN_FILE'), tokenFile });
  const url = variable(env, 'IDENTITY_ENDPOINT');
  if (url !== undefined) {
    const header = needed(env, 'IDENTITY_HEADER', 'IDENTITY_ENDPOINT');
    return managedIdentity(wire, { clientId, endpoint: { url, header } });
  }
  const metadata = variable(env, 'AZURE_POD_IDENTITY_AUTHORITY_HOST');
  if (metadata !== undefined || clientId !== undefined) return managedIdentity(wire, { clientId, metadata });
  return firstOf([azureCli({ env, clock: wire.clock, logger: wire.logger }), managedIdentity(wire, { probeMs })]);
}

/** The first credential that there is at all (does not fail with `NoCredential`); it is stuck to from then on. */
function firstOf(credentials: readonly Credential[]): Credential {
  let chosen: Credential | undefined;
  return {
    async token(audience, options) {
      if (chosen !== undefined) return await chosen.token(audience, options);
      const errors: AzureError[] = [];
      for (const credential of credentials) {
        try {
          const token = await credential.token(audience, options);
          chosen = credential;
          return token;
        } catch (error) {
          if (!(error instanceof AzureError) || error.code !== 'NoCredential') throw error;
          errors.push(error);
        }
      }
      const [first] = errors;
      throw new AzureError('NoCredential', {
        message: errors.map(({ message }) => message).join('; '),
        remedy: first?.remedy ?? 'az login',
        retry: 'later',
        cause: first,
      });
    },
  };
}

function needed(env: Environment, name: string, because: string): string {
  const value = variable(env, name);
  if (value === undefined)
    throw new AzureError('NoCredential', {
      message: `${because} is set, but ${name} is not`,
      remedy: `set ${name} (with Helm: the values of the workload identity), or unset ${because}`,
      retry: 'never',
    });
  return value;
}
