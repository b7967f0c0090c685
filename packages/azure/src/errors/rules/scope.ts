/** A scope as people say it: `managedClusters/kaito in resource group rg`, `resource group rg`, `the subscription 0000…`. */
export function shortScope(scope: string): string {
  const [, subscription, rest = ''] = /^\/subscriptions\/([^/]+)(\/.*)?$/i.exec(scope) ?? [];
  if (subscription === undefined) return scope === '/' ? 'the whole tenant' : scope;
  const [, group, below = ''] = /^\/resourceGroups\/([^/]+)(\/.*)?$/i.exec(rest) ?? [];
  const within = group === undefined ? `the subscription ${subscription}` : `resource group ${group}`;
  const resource = /\/providers\/[^/]+\/(.+)$/i.exec(group === undefined ? rest : below)?.[1];
  return resource === undefined ? within : `${resource} in ${within}`;
}
