import { ArmError } from './arm-error.ts';

/** Errors of the admin endpoint. */

export const adminPathUnknown = (method: string, path: string, known: readonly string[]): ArmError =>
  new ArmError(404, 'NotFound', `There is no ${method} ${path}. There is: ${known.join(', ')}.`);

export const adminInvalid = (why: string): ArmError => new ArmError(400, 'InvalidParameter', why);
