import { ArmError } from './arm-error.ts';

/** Errors of managed identities and their federated credentials. */

export const federatedCredentialInvalid = (why: string): ArmError => new ArmError(400, 'BadRequest', why);

export const tooManyFederatedCredentials = (limit: number): ArmError =>
  new ArmError(
    400,
    'BadRequest',
    `Too many Federated Identity Credentials are configured for the managed identity. A managed identity can have a maximum of ${limit} Federated Identity Credentials.`,
  );

export const duplicateFederatedCredential = (name: string): ArmError =>
  new ArmError(
    409,
    'Conflict',
    `Issuer and subject combination already exists for this Managed Identity, in the Federated Identity Credential '${name}'.`,
  );

export const identityInvalid = (why: string): ArmError => new ArmError(400, 'BadRequest', why);
