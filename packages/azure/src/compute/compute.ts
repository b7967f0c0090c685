import type { Call } from '../call.ts';

/** How much of a quota is taken, as `az vm list-usage` shows it. */
export interface Usage {
  /** E.g. `cores`, `standardNCASv3Family`. */
  readonly name: string;
  readonly localizedName: string;
  readonly current: number;
  readonly limit: number;
}

/** A machine type as a region offers it to a subscription. */
export interface ComputeSku {
  readonly name: string;
  /** The quota it counts against, e.g. `standardNCASv3Family`. */
  readonly family: string;
  readonly vCPUs: number;
  /** Zones in which it is offered, e.g. `["1","2"]`; empty where the region has none. */
  readonly zones: readonly string[];
  /** Why it cannot be had: in the whole region, or in the zones that are named. */
  readonly restrictions: readonly { readonly reason: string; readonly zones?: readonly string[] }[];
}

export interface Compute {
  /** @throws AzureError `RightMissing` where usages may not be read */
  usages(location: string, call?: Call): Promise<readonly Usage[]>;
  /** Virtual machine sizes of a region. @throws AzureError */
  skus(location: string, call?: Call): Promise<readonly ComputeSku[]>;
}
