/** An error of the instance metadata service. */
export class ImdsError extends Error {
  override readonly name = 'ImdsError';
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, text: string) {
    super(text);
    this.status = status;
    this.error = error;
  }
}

export const imdsNeedsHeader = (): ImdsError =>
  new ImdsError(400, 'invalid_request', 'Required metadata header not specified or not correct');

export const imdsNeedsResource = (): ImdsError =>
  new ImdsError(400, 'invalid_request', "Required query variable 'resource' is missing");

export const imdsVersion = (known: readonly string[]): ImdsError =>
  new ImdsError(400, 'bad_request', `Invalid or missing api-version. Supported are ${known.join(', ')}.`);

export const imdsPathUnknown = (): ImdsError => new ImdsError(404, 'not_found', 'The requested path is not found.');

export const imdsResourceUnknown = (resource: string): ImdsError =>
  new ImdsError(
    400,
    'invalid_resource',
    `AADSTS500011: The resource principal named ${resource} was not found in the tenant.`,
  );

export const imdsIdentityNotFound = (): ImdsError => new ImdsError(400, 'invalid_request', 'Identity not found');

export const imdsManyIdentities = (): ImdsError =>
  new ImdsError(
    400,
    'invalid_request',
    'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
  );
