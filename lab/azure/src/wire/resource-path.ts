/** What a path of Resource Manager says. All as the caller wrote it. */
export interface ResourcePath {
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  /** Namespace of the last `providers` segment. */
  readonly namespace?: string;
  /** Types and names behind it, e.g. `['managedClusters', 'kaito', 'agentPools']`. */
  readonly rest: readonly string[];
  /** Where a right must be held for it: the resource, or what a collection or action lies at. */
  readonly scope: string;
}

/** Reads a path. A collection (`…/agentPools`) and an action (`…/listClusterUserCredential`) are of the resource before them. */
export function readPath(path: string): ResourcePath {
  const segments = path.split('/').filter((segment) => segment !== '');
  const lower = segments.map((segment) => segment.toLowerCase());
  const subscriptionId = lower[0] === 'subscriptions' ? segments[1] : undefined;
  const resourceGroup = subscriptionId !== undefined && lower[2] === 'resourcegroups' ? segments[3] : undefined;
  const provider = lower.lastIndexOf('providers');
  const namespace = provider < 0 ? undefined : segments[provider + 1];
  const rest = provider < 0 ? [] : segments.slice(provider + 2);
  const scoped =
    provider >= 0 && rest.length < 2
      ? segments.slice(0, provider)
      : provider >= 0
        ? segments.slice(0, segments.length - (rest.length % 2))
        : segments.slice(0, segments.length - (segments.length % 2));
  return {
    ...(subscriptionId !== undefined && { subscriptionId }),
    ...(resourceGroup !== undefined && { resourceGroup }),
    ...(namespace !== undefined && { namespace }),
    rest,
    scope: `/${scoped.join('/')}`,
  };
}

/** The type in `rest`, e.g. `managedClusters/agentPools`. */
export function typeOf(rest: readonly string[]): string {
  return rest.filter((_, index) => index % 2 === 0).join('/');
}
