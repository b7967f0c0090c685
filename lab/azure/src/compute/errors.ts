import { ArmError } from '../errors/arm-error.ts';
import { regions } from './regions.ts';

/** A region that does not exist. @param type e.g. `locations/usages` */
export const unknownRegion = (location: string, type: string, apiVersion: string): ArmError =>
  new ArmError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${location}' and API version '${apiVersion}' for type '${type}'. The supported locations are '${[...regions.keys()].join(', ')}'.`,
  );
