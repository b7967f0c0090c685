import type { AgentPool, ComputeSku, Usage } from '@kaito/azure';
import { findMachine, loadCatalog, suggestMachine } from '@kaito/catalog';
import { quoted } from '../command-line.ts';
import { sameName } from '../resource-id.ts';
import { isKaitoPool } from '../pools.ts';
import type { AzureAccess } from '../connect.ts';
import { asCheck, type AzureCheck } from './check.ts';

/** Whether each machine type can be rented in the region: offered, not restricted, quota left for those that are still to come. */
export async function machineTypeChecks(
  azure: AzureAccess,
  location: string,
  wanted: ReadonlyMap<string, number>,
  pools: () => Promise<readonly AgentPool[]>,
): Promise<readonly AzureCheck[]> {
  if (wanted.size === 0) return [];
  try {
    const [skus, there] = await Promise.all([azure.compute.skus(location), pools().catch(() => [])]);
    const usages = await azure.compute.usages(location).catch((error: unknown) => asCheck(error, 'quota'));
    const have = there.filter(isKaitoPool);
    const checks = [...wanted].flatMap(([type, count]) => {
      const made = have
        .filter(({ properties }) => sameName(properties.vmSize ?? '', type))
        .reduce((sum, { properties }) => sum + (properties.count ?? 1), 0);
      return typeChecks(
        {
          type,
          location,
          subscriptionId: azure.subscriptionId,
          missing: Math.max(0, count - made),
          sku: skus.find(({ name }) => sameName(name, type)),
        },
        Array.isArray(usages) ? usages : undefined,
      );
    });
    return Array.isArray(usages) ? checks : [...checks, usages as AzureCheck];
  } catch (error) {
    return [asCheck(error, 'machine types')];
  }
}

interface Asked {
  readonly type: string;
  readonly location: string;
  readonly subscriptionId: string;
  /** Machines that are still to be rented. */
  readonly missing: number;
  readonly sku: ComputeSku | undefined;
}

function typeChecks(asked: Asked, usages: readonly Usage[] | undefined): readonly AzureCheck[] {
  const { type, location, sku } = asked;
  const name = 'machine type';
  if (sku === undefined) {
    const near = findMachine(loadCatalog(), type) === undefined ? suggestMachine(loadCatalog(), type) : undefined;
    const remedy = `az vm list-skus -l ${location} --size Standard_N --all -o table`;
    return [
      {
        name,
        state: 'failed',
        found: `${type} is not offered in ${location}${near === undefined ? '' : `; did you mean ${near}?`}`,
        remedy,
      },
    ];
  }
  const everywhere = sku.restrictions.find(({ zones }) => zones === undefined);
  if (everywhere !== undefined)
    return [
      {
        name,
        state: 'failed',
        found: `${type} cannot be had in ${location} by this subscription: ${everywhere.reason}`,
        remedy: `Ask for access in a support request, or see other types and regions: az vm list-skus --size ${type} --all -o table`,
      },
    ];
  const closed = new Set(sku.restrictions.flatMap(({ zones = [] }) => zones));
  const open = sku.zones.filter((zone) => !closed.has(zone));
  const zones =
    sku.zones.length === 0
      ? 'without zones'
      : open.length === 0
        ? 'in no zone'
        : `in ${open.length === 1 ? 'zone' : 'zones'} ${open.join(', ')}`;
  const offer: AzureCheck = {
    name,
    state: closed.size > 0 ? 'warning' : 'ok',
    found: `${type} is offered in ${location} ${zones}${closed.size === 0 ? '' : `, not in ${[...closed].join(', ')}`}`,
  };
  return usages === undefined ? [offer] : [offer, quotaCheck({ ...asked, sku }, usages)];
}

function quotaCheck(
  { type, location, subscriptionId, missing, sku }: Asked & { readonly sku: ComputeSku },
  usages: readonly Usage[],
): AzureCheck {
  const needed = missing * sku.vCPUs;
  const least = Math.max(needed, sku.vCPUs);
  const of = [sku.family, 'cores'].flatMap((name) => usages.find((usage) => sameName(usage.name, name)) ?? []);
  const short = of.find(({ current, limit }) => limit - current < least);
  const wants = missing === 0 ? 'no machine is waiting' : `${missing} to be rented take ${needed}`;
  const name = 'quota';
  if (of.length === 0) return { name, state: 'unknown', found: `Azure names no quota of ${sku.family} in ${location}` };
  if (short === undefined) return { name, state: 'ok', found: `for ${type} ${of.map(quotaText).join(', ')}; ${wants}` };
  return {
    name,
    state: missing > 0 ? 'failed' : 'warning',
    found: `for ${type} ${quotaText(short)}; ${missing > 0 ? wants : `one more machine takes ${sku.vCPUs}`}`,
    remedy: `az quota update --resource-name ${quoted(short.name)} --scope /subscriptions/${subscriptionId}/providers/Microsoft.Compute/locations/${location} --resource-type dedicated --limit-object value=${short.current + least}`,
  };
}

function quotaText({ limit, current, localizedName }: Usage): string {
  return `${Math.max(0, limit - current)} of ${limit} vCPUs left of ${localizedName}`;
}
