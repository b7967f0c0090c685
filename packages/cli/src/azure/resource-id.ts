/** The resource group in the id of a resource; empty where it names none. */
export function resourceGroupOf(id: string): string {
  return /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? '';
}

/** The scope of a resource's group: `/subscriptions/S/resourceGroups/G`. */
export function groupScopeOf(id: string): string {
  return /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/i.exec(id)?.[0] ?? id;
}

/** Azure's ids and names differ in nothing but case where they name the same. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The last part of an id. */
export function nameOf(id: string): string {
  return id.split('/').at(-1) ?? id;
}
