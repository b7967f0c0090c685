import type { AgentPool } from '@kaito/azure';
import { titleOfLive } from '../../cluster/lookup.ts';
import { isKaitoPool, poolText } from '../pools.ts';
import type { Inventory } from './find.ts';

/** What a take-over leaves as it is, in one line. */
export function staying({ workspaces, claims }: Inventory, pools: readonly AgentPool[]): string {
  const parts = [
    named('Workspaces', workspaces.map(titleOfLive)),
    named(
      'NodeClaims',
      claims.map(({ metadata }) => metadata.name ?? ''),
    ),
    named('agent pools', pools.filter(isKaitoPool).map(poolText)),
  ];
  return `these stay as they are, with their nodes and pods: ${parts.join('; ')}`;
}

function named(kind: string, names: readonly string[]): string {
  return names.length === 0 ? `no ${kind}` : `${kind} ${names.join(', ')}`;
}
