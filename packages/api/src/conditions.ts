import type { Condition } from './workspace.ts';

/** Condition types of a Workspace. `MachineReady` and `WorkspaceReady` are those of KAITO v0.2, the others of v0.12. */
export const conditionTypes = {
  nodesReady: 'NodesReady',
  nodeClaimReady: 'NodeClaimReady',
  machineReady: 'MachineReady',
  resourceReady: 'ResourceReady',
  inferenceReady: 'InferenceReady',
  workspaceReady: 'WorkspaceReady',
  workspaceSucceeded: 'WorkspaceSucceeded',
  workspaceDeleting: 'WorkspaceDeleting',
  benchmarkCompleted: 'BenchmarkCompleted',
  modelMirrorReady: 'ModelMirrorReady',
  jobStarted: 'JobStarted',
  scalingDownCompleted: 'ScalingDownCompleted',
  /** A newer operator or catalog would run it differently; held. */
  updateAvailable: 'UpdateAvailable',
  /** Another operator looks after this Workspace; ours stays passive. */
  managedElsewhere: 'ManagedElsewhere',
} as const;

/** Every reason that KAITO v0.2 or v0.12 writes; the mixed capitals are the wire's. */
export const conditionReasons = {
  // NodesReady
  nodeNotReady: 'NodeNotReady',
  nodesReady: 'NodesReady',
  nodePluginsNotReady: 'NodePluginsNotReady',
  // NodeClaimReady
  nodeClaimNotReady: 'NodeClaimNotReady',
  nodeClaimsReady: 'NodeClaimsReady',
  awaitingReconciliation: 'AwaitingReconciliation',
  // MachineReady (v0.2)
  createMachinePending: 'CreateMachinePending',
  machineFailedCreation: 'machineFailedCreation',
  checkMachineStatusFailed: 'checkMachineStatusFailed',
  installNodePluginsSuccess: 'installNodePluginsSuccess',
  // ResourceReady
  resourceStatusFailed: 'workspaceResourceStatusFailed',
  resourceStatusNotReady: 'workspaceResourceStatusNotReady',
  resourceStatusSuccess: 'workspaceResourceStatusSuccess',
  // InferenceReady
  inferenceStatusFailed: 'WorkspaceInferenceStatusFailed',
  inferenceStatusPending: 'WorkspaceInferenceStatusPending',
  inferenceStatusSuccess: 'WorkspaceInferenceStatusSuccess',
  // InferenceReady=False, by what was found wrong
  sasTokenFetchFailed: 'SASTokenFetchFailed',
  containerOOMKilled: 'ContainerOOMKilled',
  imagePullError: 'ImagePullError',
  containerStartError: 'ContainerStartError',
  containerCrashLoopBackOff: 'ContainerCrashLoopBackOff',
  nodeDiskPressure: 'NodeDiskPressure',
  nodeMemoryPressure: 'NodeMemoryPressure',
  podEvicted: 'PodEvicted',
  unschedulable: 'Unschedulable',
  modelStreamingInvalidAnnotations: 'ModelStreamingInvalidAnnotations',
  modelStreamingStorageClassNotFound: 'ModelStreamingStorageClassNotFound',
  modelStreamingInvalidStorageClass: 'ModelStreamingInvalidStorageClass',
  modelStreamingServiceAccountInvalid: 'ModelStreamingServiceAccountInvalid',
  modelMirrorCreateFailed: 'ModelMirrorCreateFailed',
  // ModelMirrorReady, BenchmarkCompleted
  modelMirrorReady: 'ModelMirrorReady',
  modelMirrorPending: 'ModelMirrorPending',
  modelMirrorNotReady: 'ModelMirrorNotReady',
  benchmarkCompleted: 'BenchmarkCompleted',
  benchmarkFailed: 'BenchmarkFailed',
  // JobStarted
  tuningJobStatusStarted: 'WorkspaceTuningJobStatusStarted',
  tuningJobStatusPending: 'WorkspaceTuningJobStatusPending',
  tuningJobStatusFailed: 'WorkspaceTuningJobStatusFailed',
  // WorkspaceReady, WorkspaceSucceeded, WorkspaceDeleting
  workspaceReady: 'workspaceReady',
  workspaceSucceeded: 'workspaceSucceeded',
  workspacePending: 'workspacePending',
  workspaceFailed: 'workspaceFailed',
  workspaceDeleted: 'workspaceDeleted',
} as const;

/** A condition to be set; the time is kept by `setCondition`. */
export type ConditionUpdate = Omit<Condition, 'lastTransitionTime'>;

/** RFC 3339 in UTC with whole seconds, the form of `metav1.Time`. */
export function timestamp(now: Date): string {
  return now.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/**
 * The list with `update` in it, as `meta.SetStatusCondition` does it: the condition of that type is replaced in place or appended;
 * `lastTransitionTime` becomes `now` only when the status differs from before. The input is not changed; when nothing differs, the
 * same list comes back.
 *
 * @param now a Date, or RFC 3339 text.
 */
export function setCondition(
  conditions: readonly Condition[],
  update: ConditionUpdate,
  now: Date | string,
): readonly Condition[] {
  const index = conditions.findIndex((condition) => condition.type === update.type);
  const before = conditions[index];
  const time = typeof now === 'string' ? now : timestamp(now);
  if (before === undefined) return [...conditions, { ...update, lastTransitionTime: time }];
  const generation = update.observedGeneration ?? before.observedGeneration;
  const after: Condition = {
    ...update,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: before.status === update.status ? before.lastTransitionTime : time,
  };
  const same =
    before.status === after.status &&
    before.reason === after.reason &&
    before.message === after.message &&
    before.observedGeneration === after.observedGeneration;
  return same ? conditions : conditions.with(index, after);
}

/** The condition of that type, if there is one. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** True when the condition of that type is there with status True. */
export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}
