/** What tokens are for. */
export type AudienceName = 'resource-manager' | 'graph' | 'registry';

/** The audiences that each part of Azure takes, and that Entra issues tokens for. */
export interface Audiences {
  accepts(name: AudienceName, audience: string): boolean;
  /** Of a part, as its challenge names them. */
  of(name: AudienceName): readonly string[];
  /** Whether Entra knows it. */
  known(audience: string): boolean;
}

const bare = (audience: string): string => audience.toLowerCase().replace(/\/+$/, '');

/**
 * @param origins further addresses by which Resource Manager and Graph are known: those of a registered cloud.
 */
export function createAudiences(origins: () => readonly string[]): Audiences {
  const fixed: Readonly<Record<AudienceName, readonly string[]>> = {
    'resource-manager': [
      'https://management.core.windows.net/',
      'https://management.azure.com/',
      '797f4846-ba00-4fd7-ba43-dac1f8f63013',
    ],
    graph: ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000'],
    // A registry takes tokens of Resource Manager too, unless its policy says otherwise.
    registry: [
      'https://containerregistry.azure.net',
      'https://management.core.windows.net/',
      'https://management.azure.com/',
    ],
  };
  const of = (name: AudienceName): readonly string[] => [...fixed[name], ...origins()];
  const accepts = (name: AudienceName, audience: string): boolean =>
    of(name).some((each) => bare(each) === bare(audience));
  return {
    of,
    accepts,
    known: (audience) => (['resource-manager', 'graph', 'registry'] as const).some((name) => accepts(name, audience)),
  };
}
