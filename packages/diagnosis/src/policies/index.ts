import { apiFault, podsRefused } from './cluster/api-faults.ts';
import { containerCrashed, containerNotStarted, outOfHostMemory, weightsNotFetched } from './cluster/containers.ts';
import { imagePullRefused } from './cluster/images.ts';
import { deletionWaits, managedElsewhere } from './cluster/lifecycle.ts';
import { nodeClaimFailing, nodeClaimsNotInstalled, provisionerDown, provisionerSilent } from './cluster/node-claims.ts';
import { nodeLost, podFailed, podHangs, unschedulable } from './cluster/placement.ts';
import { rollingOut, scaledToNothing } from './cluster/rollout.ts';
import { containersNotMade, probeFailing } from './cluster/stuck.ts';
import { otherFault, portInUse, weightsFault } from './faults.ts';
import { beingDeleted, draining, supervisorGone } from './lifecycle.ts';
import { nodePressure, nodesMissing } from './nodes.ts';
import { planRefused } from './plan.ts';
import type { Policy } from './policy.ts';
import { crashLoop, serverCrashed } from './process.ts';
import { slowerThanExpected } from './progress.ts';

/** In the order in which they are asked; the first that hits names the root cause. Each looks at evidence that only one target has. */
export const policies: readonly Policy[] = [
  managedElsewhere,
  planRefused,
  deletionWaits,
  beingDeleted,
  apiFault,
  // Machines.
  nodeClaimsNotInstalled,
  nodeClaimFailing,
  provisionerDown,
  provisionerSilent,
  nodesMissing,
  nodeLost,
  // Pods.
  podsRefused,
  scaledToNothing,
  podFailed,
  podHangs,
  unschedulable,
  nodePressure,
  imagePullRefused,
  containerNotStarted,
  weightsNotFetched,
  outOfHostMemory,
  containerCrashed,
  containersNotMade,
  probeFailing,
  // The process on this machine.
  weightsFault,
  portInUse,
  otherFault,
  crashLoop,
  supervisorGone,
  serverCrashed,
  draining,
  // Nothing is wrong.
  rollingOut,
  slowerThanExpected,
];
