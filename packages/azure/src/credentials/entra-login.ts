import type { Answer } from '../wire/exchange.ts';
import type { Wire } from '../wire/wire.ts';
import { AzureError } from '../errors/azure-error.ts';

/** An application or identity of a tenant. */
export interface EntraClient {
  readonly tenantId: string;
  readonly clientId: string;
  /** Base address of Entra ID, e.g. `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
}

/** Asks Entra ID for a token by client credentials: the answer, whatever its status. @throws AzureError of the way there */
export async function entraLogin(
  wire: Wire,
  client: EntraClient,
  audience: string,
  proof: Readonly<Record<string, string>>,
  claims: string | undefined,
): Promise<Answer> {
  const { tenantId, clientId, authorityHost } = client;
  const url = URL.parse(`${authorityHost.replace(/\/+$/, '')}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`);
  if (url === null)
    throw new AzureError('NoCredential', {
      message: `"${authorityHost}" is no address of Entra ID`,
      remedy: 'set AZURE_AUTHORITY_HOST to https://login.microsoftonline.com or that of your cloud',
      retry: 'never',
    });
  const form = new URLSearchParams({
    client_id: clientId,
    grant_type: 'client_credentials',
    scope: `${audience.replace(/\/+$/, '')}/.default`,
    ...proof,
    ...(claims === undefined ? {} : { claims }),
  });
  return await wire.send({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    repeatable: true,
    timeoutMs: 30_000,
  });
}
