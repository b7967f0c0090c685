import { ArmError } from './arm-error.ts';

/** Errors as Microsoft Graph words them. */

export const graphNotFound = (id: string): ArmError =>
  new ArmError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );

export const graphUnknownSegment = (path: string): ArmError =>
  new ArmError(400, 'BadRequest', `Resource not found for the segment '${path.split('/')[1] ?? ''}'.`);

export const graphInvalidObjectId = (id: string): ArmError =>
  new ArmError(400, 'Request_BadRequest', `Invalid object identifier '${id}'.`);

export const graphInvalidFilter = (filter: string): ArmError =>
  new ArmError(400, 'Request_UnsupportedQuery', `Unsupported or invalid query filter clause specified: '${filter}'.`);
