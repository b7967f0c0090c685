import {
  capacityTypeLabel,
  instanceTypeLabel,
  type NodeClaim,
  nodeClaimConditions,
  skuNameLabel,
  zoneLabel,
} from '@kaito/api';
import type { AgentPool } from '@kaito/azure';
import type { Live } from '@kaito/kube';
import { failuresAnnotation, poolStateAnnotation } from '../../../operations/pool-state.ts';
import { capacityTypes, zoneOfLabel } from '../../../requirements/machine-facts.ts';
import { becomes, type Step } from '../lifecycle/step.ts';
import { patchMetadata } from '../lifecycle/write-claim.ts';
import type { Launching } from './launching.ts';

/**
 * The pool is there. The claim gets the labels of its machine, its own before those, and its notes are cleared.
 *
 * @throws ApiError
 */
export async function launched(claim: Live<NodeClaim>, pool: AgentPool, deps: Launching): Promise<Step> {
  const { vmSize, nodeLabels, nodeImageVersion, availabilityZones, scaleSetPriority } = pool.properties;
  const zone = availabilityZones?.[0];
  const labels = {
    ...nodeLabels,
    ...(vmSize !== undefined && { [instanceTypeLabel]: vmSize, [skuNameLabel]: vmSize }),
    [capacityTypeLabel]: scaleSetPriority === 'Spot' ? capacityTypes.spot : capacityTypes.onDemand,
    ...(zone !== undefined && { [zoneLabel]: zoneOfLabel(deps.options.cluster.location, zone) }),
    ...claim.metadata.labels,
  };
  const annotations = { [poolStateAnnotation]: null, [failuresAnnotation]: null };
  const written = await patchMetadata(claim, { labels, annotations }, deps);
  deps.backoff.forget(claim.metadata.uid ?? '');
  deps.pace.forget(pool.name);
  return {
    claim: written,
    condition: becomes(nodeClaimConditions.launched, 'True'),
    ...(nodeImageVersion !== undefined && { status: { imageID: nodeImageVersion } }),
  };
}
