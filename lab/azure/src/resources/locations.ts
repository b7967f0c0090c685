/** A region of Azure: its name, as people read it, its geography, and where it is. */
export interface Location {
  readonly name: string;
  readonly displayName: string;
  readonly geography: string;
  readonly geographyGroup: string;
  readonly physicalLocation: string;
  readonly pairedRegion?: string;
  /** Whether it has availability zones. */
  readonly zones: boolean;
}

function location(
  name: string,
  displayName: string,
  geography: string,
  geographyGroup: string,
  physicalLocation: string,
  pairedRegion: string | undefined,
  zones = true,
): Location {
  return {
    name,
    displayName,
    geography,
    geographyGroup,
    physicalLocation,
    ...(pairedRegion !== undefined && { pairedRegion }),
    zones,
  };
}

/** Those that Azure's list of regions names where machines with GPUs are offered. */
export const locations: readonly Location[] = [
  location('eastus', 'East US', 'United States', 'US', 'Virginia', 'westus'),
  location('eastus2', 'East US 2', 'United States', 'US', 'Virginia', 'centralus'),
  location('southcentralus', 'South Central US', 'United States', 'US', 'Texas', 'northcentralus'),
  location('northcentralus', 'North Central US', 'United States', 'US', 'Illinois', 'southcentralus', false),
  location('centralus', 'Central US', 'United States', 'US', 'Iowa', 'eastus2'),
  location('westus', 'West US', 'United States', 'US', 'California', 'eastus', false),
  location('westus2', 'West US 2', 'United States', 'US', 'Washington', 'westcentralus'),
  location('westus3', 'West US 3', 'United States', 'US', 'Phoenix', 'eastus'),
  location('northeurope', 'North Europe', 'Europe', 'Europe', 'Ireland', 'westeurope'),
  location('westeurope', 'West Europe', 'Europe', 'Europe', 'Netherlands', 'northeurope'),
  location('swedencentral', 'Sweden Central', 'Sweden', 'Europe', 'Gävle', 'swedensouth'),
  location('uksouth', 'UK South', 'United Kingdom', 'Europe', 'London', 'ukwest'),
  location('francecentral', 'France Central', 'France', 'Europe', 'Paris', 'francesouth'),
  location('australiaeast', 'Australia East', 'Australia', 'Asia Pacific', 'New South Wales', 'australiasoutheast'),
  location('japaneast', 'Japan East', 'Japan', 'Asia Pacific', 'Tokyo, Saitama', 'japanwest'),
  location('southeastasia', 'Southeast Asia', 'Asia Pacific', 'Asia Pacific', 'Singapore', 'eastasia'),
];

/** `West US 3` and `westus3` are the same place. Undefined: no such region. */
export function normalLocation(given: string): string | undefined {
  const name = given.toLowerCase().replaceAll(/\s+/g, '');
  return locations.find((each) => each.name === name)?.name;
}
