import { machineTypeLabel, ragEngineLabel, workspaceLabel } from '@kaito/api';
import type { AgentPool } from '@kaito/azure';
import { findMachine, loadCatalog } from '@kaito/catalog';
import { price } from '../terminal/quantity.ts';

/** Tags of a pool that the provisioner has made begin so. */
const tagPrefix = 'kaito.sh_nodeclaim';
const labels = [workspaceLabel, ragEngineLabel, machineTypeLabel];

/** Whether a provisioner of KAITO, this one or a Go one, has made the pool. */
export function isKaitoPool({ properties }: AgentPool): boolean {
  const tags = Object.keys(properties.tags ?? {});
  return (
    tags.some((tag) => tag.toLowerCase().startsWith(tagPrefix)) ||
    labels.some((label) => properties.nodeLabels?.[label] !== undefined)
  );
}

/** `ws0a1b2c3d4 (Standard_NC24ads_A100_v4, 1 machine)`. */
export function poolText({ name, properties: { vmSize, count = 1 } }: AgentPool): string {
  return `${name} (${vmSize ?? 'unknown type'}, ${count} ${count === 1 ? 'machine' : 'machines'})`;
}

/** What the pools cost together by the catalog's prices; says where a price is not known. */
export function bill(pools: readonly AgentPool[]): string {
  const catalog = loadCatalog();
  const prices = pools.map(({ properties: { vmSize = '', count = 1 } }) => {
    const each = findMachine(catalog, vmSize)?.price;
    return each === undefined ? undefined : { amount: each.amount * count, currency: each.currency };
  });
  const known = prices.filter((each) => each !== undefined);
  const sum =
    known.length === 0
      ? undefined
      : { amount: known.reduce((total, { amount }) => total + amount, 0), currency: known[0]!.currency };
  const rest = prices.length - known.length;
  return `${price(sum)}${rest > 0 && sum !== undefined ? ` and ${rest} whose price is not known` : ''}`;
}
