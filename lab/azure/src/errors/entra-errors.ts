/** An error as Entra's token endpoint answers it; the code is the number behind `AADSTS`. */
export class EntraError extends Error {
  override readonly name = 'EntraError';
  readonly status: number;
  /** OAuth's own name of it. */
  readonly error: string;
  readonly code: number;

  constructor(status: number, error: string, code: number, text: string) {
    super(`AADSTS${code}: ${text}`);
    this.status = status;
    this.error = error;
    this.code = code;
  }
}

const checkRecord =
  'Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation';

export const parameterMissing = (name: string): EntraError =>
  new EntraError(400, 'invalid_request', 900144, `The request body must contain the following parameter: '${name}'.`);

export const postNeeded = (): EntraError =>
  new EntraError(400, 'invalid_request', 900561, 'The endpoint only accepts POST requests. Received a GET request.');

export const grantNotSupported = (grant: string): EntraError =>
  new EntraError(400, 'unsupported_grant_type', 70003, `The app requested an unsupported grant type '${grant}'.`);

/** Discovery calls it by another name than the token endpoint. */
export const tenantNotFound = (tenant: string, error: 'invalid_request' | 'invalid_tenant'): EntraError =>
  new EntraError(
    400,
    error,
    90002,
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  );

export const applicationNotFound = (appId: string, tenant: string): EntraError =>
  new EntraError(
    400,
    'unauthorized_client',
    700016,
    `Application with identifier '${appId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  );

export const wrongSecret = (appId: string): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    7000215,
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${appId}'.`,
  );

export const expiredSecret = (appId: string): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    7000222,
    `The provided client secret keys for app '${appId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`,
  );

export const noCredential = (): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  );

export const assertionTypeNotSupported = (type: string): EntraError =>
  new EntraError(400, 'invalid_request', 90015, `The client assertion type '${type}' is not supported.`);

export const assertionMalformed = (why: string): EntraError =>
  new EntraError(401, 'invalid_client', 50027, `JWT token is invalid or malformed. ${why}`);

/** The identity has no federated credential at all. */
export const noFederatedCredential = (issuer: string, subject: string, audience: string): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    70021,
    `No matching federated identity record found for presented assertion. Assertion Issuer: '${issuer}'. Assertion Subject: '${subject}'. Assertion Audience: '${audience}'. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`,
  );

const noMatch = (code: number, what: string, value: string): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    code,
    `No matching federated identity record found for presented assertion ${what} '${value}'. ${checkRecord}`,
  );

export const issuerNotMatched = (issuer: string): EntraError => noMatch(700_211, 'issuer', issuer);
export const audienceNotMatched = (audience: string): EntraError => noMatch(700_212, 'audience', audience);
export const subjectNotMatched = (subject: string): EntraError => noMatch(700_213, 'subject', subject);

export const assertionOutsideItsTime = (now: string, from: string, until: string): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    700_024,
    `Client assertion is not within its valid time range. Current time: ${now}, assertion valid from ${from}, expiry time of assertion ${until}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials.`,
  );

export const assertionSignatureWrong = (kid: string): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    700_027,
    `The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found or the signature does not match., Thumbprint of key used by client: '${kid}'] Client assertion failed signature validation.`,
  );

export const issuerUnreachable = (issuer: string, why: string): EntraError =>
  new EntraError(
    400,
    'invalid_request',
    50_166,
    `Request to External OIDC endpoint failed. Issuer: '${issuer}'. ${why}`,
  );

export const scopeMalformed = (scope: string): EntraError =>
  new EntraError(
    400,
    'invalid_scope',
    1_002_012,
    `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
  );

export const resourceNotInTenant = (resource: string, tenant: string): EntraError =>
  new EntraError(
    400,
    'invalid_resource',
    500_011,
    `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  );

export const endpointUnknown = (path: string): EntraError =>
  new EntraError(404, 'invalid_request', 900_971, `There is no endpoint at '${path}'.`);
