import type { Json, JsonObject } from '../../store/store.ts';
import { invalidValue, propertyChange, versionNotSupported } from '../errors.ts';
import { isObject, objectAt } from '../fields.ts';
import { resolveVersion } from '../versions.ts';
import { osSkus } from './defaults.ts';
import { immutablePoolFields } from './fields.ts';
import { isLabelKey, isLabelValue, readTaint } from './node-syntax.ts';

const parameter = (field: string): string => `agentPoolProfile.${field}`;

/** @throws ArmError */
export function validateName(name: string): void {
  if (!/^[a-z][a-z0-9]{0,11}$/.test(name))
    throw invalidValue(
      parameter('name'),
      `Agent pool name '${name}' must match the regular expression ^[a-z][a-z0-9]{0,11}$.`,
    );
}

/** Empty lists, objects and zero sizes say as little as nothing. */
const said = (value: Json | undefined): Json | undefined =>
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)
    ? undefined
    : value;

const text = (value: Json | undefined): string => JSON.stringify(said(value) ?? null).toLowerCase();

/** @throws ArmError where `set` would change what is fixed when a pool is made */
export function validateChange(set: JsonObject, existing: JsonObject): void {
  for (const field of immutablePoolFields) {
    if (said(set[field]) !== undefined && text(set[field]) !== text(existing[field]))
      throw propertyChange(`properties.${field}`);
  }
}

function oneOf(pool: JsonObject, field: string, values: readonly string[]): void {
  const value = pool[field];
  if (value !== undefined && !values.includes(String(value)))
    throw invalidValue(parameter(field), `'${String(value)}' is none of ${values.join(', ')}.`);
}

function between(pool: JsonObject, field: string, least: number, most: number): void {
  const value = pool[field];
  if (typeof value === 'number' && (value < least || value > most))
    throw invalidValue(parameter(field), `${value} is not between ${least} and ${most}.`);
}

/**
 * Checks a pool that is complete, beside its size, zones and quota.
 *
 * @throws ArmError
 */
export function validatePool(pool: JsonObject, existing: JsonObject | undefined, location: string): void {
  oneOf(pool, 'mode', ['System', 'User']);
  oneOf(pool, 'type', ['VirtualMachineScaleSets']);
  oneOf(pool, 'osType', ['Linux']);
  oneOf(pool, 'osSKU', osSkus);
  oneOf(pool, 'osDiskType', ['Managed', 'Ephemeral']);
  oneOf(pool, 'scaleDownMode', ['Delete', 'Deallocate']);
  oneOf(pool, 'scaleSetPriority', ['Regular', 'Spot']);
  oneOf(pool, 'scaleSetEvictionPolicy', ['Delete', 'Deallocate']);
  oneOf(objectAt(pool, 'gpuProfile'), 'driver', ['Install', 'None']);
  between(pool, 'count', pool['mode'] === 'System' ? 1 : 0, 1000);
  between(pool, 'maxPods', 10, 250);
  if (pool['osDiskSizeGB'] !== 0) between(pool, 'osDiskSizeGB', 30, 2048);
  validateScaling(pool);
  validateSpot(pool);
  validateLabels(objectAt(pool, 'nodeLabels'), existing === undefined ? {} : objectAt(existing, 'nodeLabels'));
  for (const field of ['nodeTaints', 'nodeInitializationTaints']) {
    const wrong = ((pool[field] ?? []) as readonly string[]).find((taint) => readTaint(taint) === undefined);
    if (wrong !== undefined)
      throw invalidValue(parameter(field), `'${wrong}' is not a taint of the form key=value:effect.`);
  }
  if (pool['gpuInstanceProfile'] !== undefined)
    throw invalidValue(parameter('gpuInstanceProfile'), 'GPUs of this cloud cannot be partitioned.');
  for (const field of ['vnetSubnetID', 'podSubnetID']) validateSubnet(pool, field);
  const version = pool['orchestratorVersion'];
  if (typeof version === 'string' && resolveVersion(version) === undefined)
    throw versionNotSupported(version, location);
}

function validateScaling(pool: JsonObject): void {
  const { minCount, maxCount, count } = pool;
  if (pool['enableAutoScaling'] !== true) {
    if (minCount !== undefined || maxCount !== undefined)
      throw invalidValue(
        parameter('minCount'),
        'minCount and maxCount are only allowed where enableAutoScaling is true.',
      );
    return;
  }
  if (typeof minCount !== 'number' || typeof maxCount !== 'number' || typeof count !== 'number' || minCount > maxCount)
    throw invalidValue(parameter('minCount'), 'minCount and maxCount are needed with autoscaling, the smaller first.');
  between(pool, 'count', minCount, maxCount);
}

function validateSpot(pool: JsonObject): void {
  if (pool['scaleSetPriority'] === 'Spot') {
    if (pool['mode'] === 'System')
      throw invalidValue(parameter('scaleSetPriority'), 'A system node pool cannot be of spot machines.');
    const price = pool['spotMaxPrice'];
    if (typeof price === 'number' && price !== -1 && price <= 0)
      throw invalidValue(parameter('spotMaxPrice'), 'It is -1, or a price above zero.');
    return;
  }
  for (const field of ['scaleSetEvictionPolicy', 'spotMaxPrice']) {
    if (pool[field] !== undefined)
      throw invalidValue(parameter(field), `${field} is only allowed where scaleSetPriority is Spot.`);
  }
}

const reserved = 'kubernetes.azure.com/';

function validateLabels(labels: JsonObject, existing: JsonObject): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!isLabelKey(key) || typeof value !== 'string' || !isLabelValue(value))
      throw invalidValue(parameter('nodeLabels'), `'${key}=${String(value)}' is not a label of Kubernetes.`);
    if (key.startsWith(reserved) && existing[key] !== value)
      throw invalidValue(parameter('nodeLabels'), `Label prefix '${reserved}' of '${key}' is reserved for AKS.`);
  }
}

const subnet =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i;

function validateSubnet(pool: JsonObject, field: string): void {
  const id = pool[field];
  if (id !== undefined && !subnet.test(String(id)))
    throw invalidValue(parameter(field), `'${String(id)}' is not the resource id of a subnet.`);
}
