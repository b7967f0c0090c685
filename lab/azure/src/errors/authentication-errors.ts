import { ArmError } from './arm-error.ts';

/** Errors of tokens and rights. `challenge` tells the caller where tokens come from. */

const unauthorized = (code: string, message: string, challenge: string): ArmError =>
  new ArmError(401, code, message, { 'www-authenticate': challenge });

export const bearerChallenge = (authority: string, problem?: string): string =>
  `Bearer authorization_uri="${authority}"${problem === undefined ? '' : `, error="invalid_token", error_description="${problem}"`}`;

export const authenticationFailedMissingToken = (authority: string): ArmError =>
  unauthorized(
    'AuthenticationFailed',
    "Authentication failed. The 'Authorization' header is missing.",
    bearerChallenge(authority),
  );

export const authenticationFailedScheme = (authority: string): ArmError =>
  unauthorized(
    'AuthenticationFailed',
    "Authentication failed. The 'Authorization' header is provided in an invalid format.",
    bearerChallenge(authority),
  );

export const invalidToken = (authority: string): ArmError => {
  const text = 'The access token is invalid.';
  return unauthorized('InvalidAuthenticationToken', text, bearerChallenge(authority, text));
};

export const expiredToken = (authority: string): ArmError => {
  const text = 'The access token expiry UTC time is earlier than current UTC time.';
  return unauthorized('ExpiredAuthenticationToken', text, bearerChallenge(authority, text));
};

export const wrongAudience = (authority: string, audience: string, accepted: readonly string[]): ArmError => {
  const text = `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences '${accepted.join("','")}'.`;
  return unauthorized(
    'InvalidAuthenticationTokenAudience',
    text,
    bearerChallenge(authority, text.replaceAll('"', "'")),
  );
};

export const unknownPrincipal = (authority: string): ArmError => {
  const text = 'The access token is from a principal that no longer exists in the directory.';
  return unauthorized('InvalidAuthenticationToken', text, bearerChallenge(authority, text));
};

export const authorizationFailed = (appId: string, objectId: string, action: string, scope: string): ArmError =>
  new ArmError(
    403,
    'AuthorizationFailed',
    `The client '${appId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
