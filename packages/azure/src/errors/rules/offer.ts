import type { ErrorFacts } from '../facts.ts';
import { argument, codeLike } from './rule.ts';
import type { CallContext, Rule } from './rule.ts';

/** A machine type that a subscription does not get in a region. */
export const skuNotAvailable: Rule = (facts, context) => {
  const azureCode = codeLike(
    facts,
    /^(ErrCode_)?(SkuNotAvailable|VMSizeNotSupported|VMSizeIsNotPermitted\w*|VMSizeDoesNotExist|NotAvailableForSubscription|InvalidVMSize|AgentPoolVMSizeNotSupported|VMSizeNotAvailable\w*)$/i,
  );
  const said =
    /\b(VM size|SKU)\b.{0,120}(not allowed in your subscription|not available in|currently not available|is not supported in)|\bnot available in location\b/i;
  if (azureCode === undefined && !said.test(facts.text)) return undefined;
  const { size, location } = named(facts, context);
  return {
    code: 'SkuNotAvailable',
    message: `the machine type${size === undefined ? '' : ` ${size}`} is not offered to this subscription${location === undefined ? '' : ` in ${location}`}`,
    remedy: `choose another machine type or region: az vm list-skus --location ${location ?? 'LOCATION'} --size ${argument(size ?? 'Standard_N')} --all --output table`,
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

/** A zone that does not offer the machine type, or has none left. */
export const zoneNotAvailable: Rule = (facts, context) => {
  const azureCode = codeLike(
    facts,
    /^(ErrCode_)?(AvailabilityZoneNotSupported|AvailabilityZonesNotSupported|ZonesNotSupported\w*|ZonalAllocationFailed|InvalidAvailabilityZone\w*|UnsupportedAvailabilityZone|LocationDoesNotSupportAvailabilityZones?|OverconstrainedZonalAllocationRequest)$/i,
  );
  const said =
    /(?<!dns )\bzones?\b.{0,100}\bnot (supported|available)\b|\bnot (supported|available) in (the )?(availability )?zones?\b/i;
  if (azureCode === undefined && !said.test(facts.text)) return undefined;
  const { size = 'the machine type', location } = named(facts, context);
  const where = location === undefined ? '' : ` in ${location}`;
  const zones = /\bzones?(?:\(s\))?:? '?([\d, -]+\d|\d)/i.exec(facts.text)?.[1];
  const which = zones === undefined ? 'the zone' : `zone ${zones}`;
  const full = azureCode !== undefined && /Allocation/i.test(azureCode);
  return {
    code: 'ZoneNotAvailable',
    message: full ? `${which}${where} has no ${size} left at the moment` : `${which}${where} does not offer ${size}`,
    remedy: `choose other zones, or none: az vm list-skus --location ${location ?? 'LOCATION'} --size ${argument(/^Standard/i.test(size) ? size : 'Standard_N')} --zone --output table`,
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

/** The region has no such machine free at the moment. */
export const capacityMissing: Rule = (facts, context) => {
  const azureCode = codeLike(
    facts,
    /^(ErrCode_)?(AllocationFailed|OverconstrainedAllocationRequest|OverconstrainedAllocation\w*|AllocationTimeout|SpotAllocationFailed|NicReservedForAnotherVm|InsufficientCapacity\w*)$/i,
  );
  const said = /\b(do(es)? not have sufficient capacity|insufficient capacity|allocation failed)\b/i;
  if (azureCode === undefined && !said.test(facts.text)) return undefined;
  const { size, location } = named(facts, context);
  return {
    code: 'CapacityMissing',
    message: `Azure has no machine${size === undefined ? '' : ` of type ${size}`} free${location === undefined ? '' : ` in ${location}`} at the moment`,
    remedy: 'wait, or allow other machine types, zones or a region with capacity',
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

function named(
  { text }: ErrorFacts,
  context: CallContext,
): { readonly size: string | undefined; readonly location: string | undefined } {
  const location = /\b(?:location|region)\b:? '?([a-z][a-z0-9]{3,30})\b/i.exec(text)?.[1] ?? context.location;
  return { size: /\b((?:Standard|Basic)_\w+)/i.exec(text)?.[1], location: location?.toLowerCase() };
}
