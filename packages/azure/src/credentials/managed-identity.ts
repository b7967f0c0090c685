import { AzureError } from '../errors/azure-error.ts';
import { oneLine } from '../errors/one-line.ts';
import { objectOf, parseJson, textOf } from '../json.ts';
import type { Answer } from '../wire/exchange.ts';
import { retryAfterMs } from '../wire/retry-after.ts';
import type { Wire, WireCall } from '../wire/wire.ts';
import { CachedCredential } from './cached-credential.ts';
import type { Credential } from './credential.ts';
import { tokenOf } from './token-answer.ts';

/** Where virtual machines ask for tokens. Source: Azure Instance Metadata Service. */
export const instanceMetadata = 'http://169.254.169.254';

export interface ManagedIdentityOptions {
  /** Which of several identities; undefined: the machine's own. */
  readonly clientId?: string | undefined;
  /** Base address of the metadata service of machines; default `instanceMetadata`. */
  readonly metadata?: string | undefined;
  /** App Service and alike: IDENTITY_ENDPOINT and IDENTITY_HEADER, in place of the metadata service. */
  readonly endpoint?: { readonly url: string; readonly header: string } | undefined;
  /** There may be no such service here: one try of so many ms. Default: as many tries as any call, of 5 s. */
  readonly probeMs?: number | undefined;
}

/** A service on the machine itself answers soon, or is not there. ms. */
const limitMs = 5_000;

/** The identity of the machine or service that this runs on. */
export function managedIdentity(wire: Wire, options: ManagedIdentityOptions = {}): Credential {
  return new CachedCredential(async (audience) => {
    const answer = await ask(wire, request(audience, options), options);
    const now = wire.clock.now();
    if (answer.status === 200) return tokenOf(answer.text, now, 'the managed identity service');
    throw refusal(answer, options, now);
  }, wire);
}

function request(audience: string, options: ManagedIdentityOptions): WireCall {
  const { endpoint, metadata = instanceMetadata, clientId } = options;
  const address = endpoint?.url ?? `${metadata.replace(/\/+$/, '')}/metadata/identity/oauth2/token`;
  const url = URL.parse(address);
  if (url === null) throw unreachable(`"${address}" is no address of a managed identity service`);
  url.searchParams.set('api-version', endpoint === undefined ? '2018-02-01' : '2019-08-01');
  url.searchParams.set('resource', audience);
  if (clientId !== undefined) url.searchParams.set('client_id', clientId);
  const headers: Record<string, string> =
    endpoint === undefined ? { metadata: 'true' } : { 'x-identity-header': endpoint.header };
  return { method: 'GET', url, headers, repeatable: true, plainHttp: true };
}

async function ask(wire: Wire, call: WireCall, { probeMs }: ManagedIdentityOptions): Promise<Answer> {
  try {
    return await wire.send({ ...call, timeoutMs: probeMs ?? limitMs, ...(probeMs === undefined ? {} : { tries: 1 }) });
  } catch (error) {
    if (error instanceof AzureError) throw unreachable(`no managed identity service answers: ${error.message}`, error);
    throw error;
  }
}

function refusal(answer: Answer, { clientId }: ManagedIdentityOptions, now: Date): AzureError {
  const { status, headers, text } = answer;
  const body = objectOf(parseJson(text));
  const says = oneLine(textOf(body?.['error_description']) ?? textOf(body?.['message']) ?? `HTTP ${status}`);
  const wait = retryAfterMs(headers, now);
  if (status === 429 || status >= 500)
    return new AzureError(status === 429 ? 'Throttled' : 'ServerError', {
      message: `the managed identity service gives no token for the moment (HTTP ${status})`,
      remedy: 'wait; it is tried again by itself',
      retry: 'soon',
      status,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    });
  return new AzureError('LoginRefused', {
    message: `the machine has no managed identity${clientId === undefined ? '' : ` ${clientId}`}: ${says}`,
    remedy: 'assign the identity to the machine, or set AZURE_CLIENT_ID to one that it has: az vm identity assign',
    retry: 'later',
    status,
  });
}

function unreachable(message: string, cause?: unknown): AzureError {
  return new AzureError('NoCredential', {
    message,
    remedy:
      'run on a machine of Azure that has an identity; or set AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET; or unset AZURE_CLIENT_ID and log in: az login',
    retry: 'later',
    cause,
  });
}
