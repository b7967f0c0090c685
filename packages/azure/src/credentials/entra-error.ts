import { AzureError } from '../errors/azure-error.ts';
import type { AzureErrorDetails } from '../errors/azure-error.ts';
import { oneLine, printable } from '../errors/one-line.ts';
import { argument } from '../errors/rules/rule.ts';
import { objectOf, parseJson, textOf } from '../json.ts';
import type { Answer } from '../wire/exchange.ts';
import { requestIds } from '../wire/request-ids.ts';
import { retryAfterMs } from '../wire/retry-after.ts';
import type { AssertionClaims } from './assertion.ts';
import type { EntraClient } from './entra-login.ts';

/** What tokens of a cluster are made for, where they stand for an identity of Azure. */
const exchangeAudience = 'api://AzureADTokenExchange';

interface Meaning {
  readonly says: string;
  readonly remedy: string;
  readonly retry: AzureErrorDetails['retry'];
}

/** Entra's numbers that people meet here. Source: Microsoft Entra authentication and authorization error codes. */
function meanings({ tenantId, clientId }: EntraClient): Readonly<Record<string, Meaning>> {
  const app = `az ad sp show --id ${argument(clientId)}`;
  const secret = `make a new secret: az ad app credential reset --id ${argument(clientId)}, and set AZURE_CLIENT_SECRET to it`;
  const tenant: Meaning = {
    says: `there is no tenant ${tenantId}`,
    remedy: 'set AZURE_TENANT_ID to the tenant of the subscription: az account show --query tenantId --output tsv',
    retry: 'never',
  };
  return {
    '700016': {
      says: `the tenant ${tenantId} knows no application or identity ${clientId}`,
      remedy: `check AZURE_CLIENT_ID and AZURE_TENANT_ID: ${app}; a new identity takes a minute to be known`,
      retry: 'later',
    },
    '7000215': { says: `the secret of the application ${clientId} is wrong`, remedy: secret, retry: 'never' },
    '7000222': { says: `the secret of the application ${clientId} has expired`, remedy: secret, retry: 'never' },
    '7000112': {
      says: `the application ${clientId} is disabled`,
      remedy: `have it enabled by an administrator: ${app}`,
      retry: 'later',
    },
    '700024': {
      says: 'the service-account token is not valid now: it has expired, or the clocks differ',
      remedy: 'check the clocks of nodes and issuer; the kubelet renews the token by itself',
      retry: 'later',
    },
    '700027': {
      says: "the service-account token's signature cannot be verified with the issuer's keys",
      remedy: 'check that the issuer is that of this cluster: az aks show --query oidcIssuerProfile.issuerUrl',
      retry: 'later',
    },
    '50166': {
      says: "the keys of the token's issuer cannot be fetched by Entra ID",
      remedy: "check that the issuer's /.well-known/openid-configuration can be reached from the internet",
      retry: 'later',
    },
    '90002': tenant,
    '900023': tenant,
    '90023': tenant,
    '53003': {
      says: 'a conditional access policy forbids this login',
      remedy: 'ask an administrator of the tenant to except the identity from the policy',
      retry: 'later',
    },
    '500011': {
      says: `the tenant ${tenantId} does not know the service that the token is for`,
      remedy: 'check the cloud: AZURE_ENVIRONMENT, AZURE_AUTHORITY_HOST and the address of Resource Manager',
      retry: 'never',
    },
  };
}

/** Why Entra ID gave no token. `assertion`: the service-account token that was shown. */
export function entraError(answer: Answer, client: EntraClient, now: Date, assertion?: AssertionClaims): AzureError {
  const { status, headers, text } = answer;
  const body = objectOf(parseJson(text));
  const described = textOf(body?.['error_description']) ?? textOf(body?.['error']) ?? '';
  const number = /\bAADSTS(\d{4,8})\b/.exec(described)?.[1];
  const azureCode = number === undefined ? textOf(body?.['error']) : `AADSTS${number}`;
  const wait = retryAfterMs(headers, now);
  const facts = {
    status,
    ...(azureCode === undefined ? {} : { azureCode }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...requestIds(headers),
  };
  if (status === 429 || status >= 500 || status === 408)
    return new AzureError(status === 429 ? 'Throttled' : 'ServerError', {
      message: `Entra ID ${status === 429 ? 'takes no more logins from here for the moment' : `failed by itself (HTTP ${status})`}`,
      remedy: 'wait; it is tried again by itself',
      retry: 'soon',
      ...facts,
    });
  const named = azureCode === undefined ? '' : ` (${azureCode})`;
  // 70025: there is none at all.
  const unmatched = /no matching federated identity record|no configured federated identity credential/i;
  if (/^70025$|^70021[1-9]?$|^70021[1-9]\d$/.test(number ?? '') || unmatched.test(described))
    return new AzureError('FederationMissing', {
      message: `the identity ${client.clientId} has no federated credential for ${shown(assertion)}${named}`,
      remedy: federationCommand(client.clientId, assertion),
      retry: 'later',
      ...facts,
    });
  const meaning = number === undefined ? undefined : meanings(client)[number];
  const says = meaning?.says ?? (oneLine(described.replace(/^AADSTS\d+:\s*/, '')) || `HTTP ${status}`);
  return new AzureError('LoginRefused', {
    message: `Entra ID refuses the login of ${client.clientId}: ${says}${named}`,
    remedy: meaning?.remedy ?? 'check AZURE_TENANT_ID, AZURE_CLIENT_ID and the rights of the application',
    retry: meaning?.retry ?? 'later',
    ...facts,
  });
}

/** What Entra ID compares: all three must be as in a federated credential, letter by letter. */
function shown(assertion: AssertionClaims | undefined): string {
  const { subject = 'unknown', issuer = 'unknown', audiences = [] } = assertion ?? {};
  return printable(`subject ${subject}, audience ${audiences.join(' ') || exchangeAudience}, issuer ${issuer}`);
}

/** The command that lets a service account's tokens stand for an identity, of which the client id alone is known. */
function federationCommand(clientId: string, assertion: AssertionClaims | undefined): string {
  const subject = assertion?.subject ?? 'system:serviceaccount:NAMESPACE:NAME';
  const found = (what: string) => `"$(az identity list --query "[?clientId=='${clientId}'].${what}" --output tsv)"`;
  const name = subject
    .replace(/^system:serviceaccount:/, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, 120);
  return [
    'az identity federated-credential create',
    // Azure takes 3 to 120 characters.
    `--name ${name.length < 3 ? 'federated' : name}`,
    `--identity-name ${found('name')}`,
    `--resource-group ${found('resourceGroup')}`,
    `--issuer ${argument(assertion?.issuer ?? 'ISSUER')}`,
    `--subject ${argument(subject)}`,
    `--audiences ${argument(assertion?.audiences[0] ?? exchangeAudience)}`,
  ].join(' ');
}
