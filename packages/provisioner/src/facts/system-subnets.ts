import type { AgentPools } from '@kaito/azure';
import type { Clock } from '@kaito/kube';
import type { Subnets } from '../agent-pool/body.ts';

/** How long the system pool's subnets are believed, ms. They never change in a pool's life. */
const believeMs = 600_000;

/** The subnets of the cluster's first system pool, asked for once in a while. */
export interface SystemSubnets {
  /** @throws AzureError */
  get(signal: AbortSignal): Promise<Subnets>;
}

export function createSystemSubnets({
  agentPools,
  clock,
}: {
  readonly agentPools: Pick<AgentPools, 'list'>;
  readonly clock: Clock;
}): SystemSubnets {
  let known: { readonly subnets: Subnets; readonly at: number } | undefined;
  let asking: Promise<Subnets> | undefined;

  async function ask(signal: AbortSignal): Promise<Subnets> {
    const pools = await agentPools.list({ signal });
    const system = pools
      .filter(({ properties }) => properties.mode === 'System')
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];
    const { vnetSubnetID, podSubnetID } = system?.properties ?? {};
    const subnets = {
      ...(vnetSubnetID != null && { vnetSubnetID }),
      ...(podSubnetID != null && { podSubnetID }),
    };
    known = { subnets, at: clock.monotonic() };
    return subnets;
  }

  return {
    async get(signal) {
      if (known !== undefined && clock.monotonic() - known.at < believeMs) return known.subnets;
      asking ??= ask(signal).finally(() => (asking = undefined));
      return await asking;
    },
  };
}
