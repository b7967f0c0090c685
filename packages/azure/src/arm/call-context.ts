import type { CallContext } from '../errors/rules/rule.ts';

/** What a path of Resource Manager says about the call. */
export function contextOf(path: string): CallContext {
  const named = (kind: string) => {
    const value = new RegExp(`/${kind}/([^/]+)`, 'i').exec(path)?.[1];
    return value === undefined ? undefined : decoded(value);
  };
  const subscriptionId = named('subscriptions');
  const resourceGroup = named('resourceGroups');
  const cluster = named('Microsoft\\.ContainerService/managedClusters');
  const location = named('locations');
  return {
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(location === undefined ? {} : { location }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
