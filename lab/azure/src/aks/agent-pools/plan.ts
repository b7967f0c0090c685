import type { JsonObject, Resource, Store } from '../../store/store.ts';
import { objectAt, readFields } from '../fields.ts';
import { completePool } from './defaults.ts';
import { poolFields, readOnlyPoolFields } from './fields.ts';
import { offeredSize } from './offer.ts';
import { validateChange, validateName, validatePool } from './validate.ts';

/** Labels and taints that AKS adds to spot pools. */
const spotLabel = { 'kubernetes.azure.com/scalesetpriority': 'spot' };
const spotTaint = 'kubernetes.azure.com/scalesetpriority=spot:NoSchedule';

export interface PoolContext {
  readonly store: Store;
  readonly now: Date;
  readonly location: string;
  /** Properties of the cluster. */
  readonly cluster: JsonObject;
}

/**
 * The properties that a pool gets from what a caller asks for, all but its quota checked.
 *
 * @throws ArmError
 */
export function planPool(
  context: PoolContext,
  name: string,
  asked: JsonObject,
  existing: Resource | undefined,
): JsonObject {
  const { store, now, location, cluster } = context;
  const before = existing?.properties;
  const writable = Object.fromEntries(
    Object.entries(asked).filter(([field]) => !(readOnlyPoolFields as readonly string[]).includes(field)),
  );
  const set = readFields(writable, poolFields);
  if (before === undefined) validateName(name);
  else validateChange(set, before);
  const pool = completePool(set, before, {
    kubernetesVersion: String(cluster['currentKubernetesVersion']),
    networkPlugin: String(objectAt(cluster, 'networkProfile')['networkPlugin']),
  });
  validatePool(pool, before, location);
  if (before === undefined || Number(pool['count']) > Number(before['count']))
    offeredSize(store, name, pool, location, now);
  if (pool['scaleSetPriority'] !== 'Spot') return pool;
  const taints = (pool['nodeTaints'] ?? []) as readonly string[];
  return {
    ...pool,
    nodeLabels: { ...objectAt(pool, 'nodeLabels'), ...spotLabel },
    nodeTaints: taints.includes(spotTaint) ? taints : [...taints, spotTaint],
  };
}
