import { BlockList, isIP } from 'node:net';
import { invalidRequestContent, invalidParameter } from '../errors/request-errors.ts';
import type { Json, JsonObject } from '../store/store.ts';

/** From where a registry's own interface may be used: `networkRuleSet` of the resource. */
export interface NetworkRules extends JsonObject {
  readonly defaultAction: 'Allow' | 'Deny';
  readonly ipRules: readonly { readonly action: 'Allow'; readonly value: string }[];
}

export const anyNetwork: NetworkRules = { defaultAction: 'Allow', ipRules: [] };

/** @throws ArmError */
export function readNetworkRules(given: Json): NetworkRules {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidRequestContent("The value of 'networkRuleSet' is not an object.");
  }
  const { defaultAction, ipRules, virtualNetworkRules, ...rest } = given as JsonObject;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    throw invalidRequestContent(`Could not find member '${unknown}' on object of type 'NetworkRuleSet'.`);
  if (defaultAction !== 'Allow' && defaultAction !== 'Deny') {
    throw invalidParameter('properties.networkRuleSet.defaultAction', "It is 'Allow' or 'Deny'.");
  }
  if (virtualNetworkRules != null && (virtualNetworkRules as readonly Json[]).length !== 0) {
    throw invalidParameter(
      'properties.networkRuleSet.virtualNetworkRules',
      'There are no virtual networks in this cloud.',
    );
  }
  const rules = (ipRules ?? []) as readonly { readonly value?: unknown; readonly action?: unknown }[];
  return {
    defaultAction,
    ipRules: rules.map(({ value, action }) => {
      if ((action != null && action !== 'Allow') || typeof value !== 'string' || subnet(value) === undefined) {
        throw invalidParameter(
          'properties.networkRuleSet.ipRules',
          `'${String(value)}' is no address or range of IPv4 that is allowed.`,
        );
      }
      return { action: 'Allow', value };
    }),
  };
}

function subnet(range: string): { readonly address: string; readonly prefix: number } | undefined {
  const [address = '', prefix = '32', ...more] = range.split('/');
  const good = isIP(address) === 4 && /^\d{1,2}$/.test(prefix) && Number(prefix) <= 32 && more.length === 0;
  return good ? { address, prefix: Number(prefix) } : undefined;
}

/** Whether an address may use the registry. */
export function admits({ defaultAction, ipRules }: NetworkRules, address: string): boolean {
  if (defaultAction === 'Allow') return true;
  const allowed = new BlockList();
  for (const { value } of ipRules) {
    const range = subnet(value);
    if (range !== undefined) allowed.addSubnet(range.address, range.prefix, 'ipv4');
  }
  const plain = address.replace(/^::ffff:/, '');
  return isIP(plain) === 4 && allowed.check(plain, 'ipv4');
}
