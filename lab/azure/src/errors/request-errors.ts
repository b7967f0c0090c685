import { ArmError } from './arm-error.ts';

/** Errors of the request itself: its version, its body, its query, its path. */

export const missingApiVersion = (): ArmError =>
  new ArmError(
    400,
    'MissingApiVersionParameter',
    'The api-version query parameter (?api-version=) is required for all requests.',
  );

/** For what Resource Manager answers itself: subscriptions, groups, resources. */
export const invalidApiVersion = (version: string, supported: readonly string[]): ArmError =>
  new ArmError(
    400,
    'InvalidApiVersionParameter',
    `The api-version '${version}' is invalid. The supported versions are '${supported.join(',')}'.`,
  );

/** For a resource provider's types. */
export const noRegisteredProvider = (
  version: string,
  type: string,
  location: string,
  supported: readonly string[],
): ArmError =>
  new ArmError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${location}' and API version '${version}' for type '${type}'. The supported api-versions are '${supported.join(', ')}'.`,
  );

export const invalidResourceNamespace = (namespace: string): ArmError =>
  new ArmError(404, 'InvalidResourceNamespace', `The resource namespace '${namespace}' is invalid.`);

export const invalidResourceType = (namespace: string, type: string, version: string): ArmError =>
  new ArmError(
    404,
    'InvalidResourceType',
    `The resource type '${type}' could not be found in the namespace '${namespace}' for api version '${version}'.`,
  );

export const invalidRequestUri = (path: string): ArmError =>
  new ArmError(404, 'NotFound', `No HTTP resource was found that matches the request path '${path}'.`);

export const methodNotAllowed = (method: string): ArmError =>
  new ArmError(405, 'HttpMethodNotAllowed', `The requested resource does not support http method '${method}'.`);

export const invalidRequestContent = (why: string): ArmError =>
  new ArmError(
    400,
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: '${why}'.`,
  );

export const unsupportedMediaType = (type: string): ArmError =>
  new ArmError(
    415,
    'UnsupportedMediaType',
    `The content media type '${type}' is not supported. Only 'application/json' is supported.`,
  );

export const requestTooLarge = (limit: number): ArmError =>
  new ArmError(413, 'RequestContentTooLarge', `The request content is larger than the limit of ${limit} bytes.`);

export const unknownQueryParameter = (name: string): ArmError =>
  new ArmError(400, 'InvalidQueryParameter', `The query parameter '${name}' is not supported by this operation.`);

export const invalidFilter = (filter: string): ArmError =>
  new ArmError(400, 'InvalidFilterInQueryString', `Invalid $filter '${filter}' specified in the query string.`);

/** A field of the body that is absent or of the wrong form, or that this operation does not know. */
export const invalidParameter = (target: string, why: string): ArmError =>
  new ArmError(400, 'InvalidParameter', `The value of parameter ${target} is invalid. ${why}`);

/** More requests than the limits of Resource Manager allow. */
export const tooManyRequests = (seconds: number): ArmError =>
  new ArmError(
    429,
    'SubscriptionRequestsThrottled',
    `Number of requests for subscription exceeded the limit. Please try again after '${seconds}' seconds after additional tokens are available.`,
    { 'retry-after': String(seconds) },
  );

export const internalServerError = (): ArmError =>
  new ArmError(
    500,
    'InternalServerError',
    'Encountered internal server error. Please retry; if it persists, contact support.',
  );
