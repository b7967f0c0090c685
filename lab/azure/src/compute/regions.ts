import { locations } from '../resources/locations.ts';

/** Regions in which machines are rented, with their availability zones. */
export const regions: ReadonlyMap<string, readonly string[]> = new Map(
  locations.map(({ name, zones }): [string, readonly string[]] => [name, zones ? ['1', '2', '3'] : []]),
);

/** The name of a region as resources carry it: `West US 3` and `WestUS3` are `westus3`. */
export function regionName(text: string): string {
  return text.toLowerCase().replaceAll(' ', '');
}
