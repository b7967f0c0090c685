import { conditionReasons as reasons } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { RootCause } from './assessment.ts';

/** KAITO v0.12's reasons of InferenceReady=False, by our codes. */
const classified: Readonly<Record<string, string>> = {
  ContainerOOMKilled: reasons.containerOOMKilled,
  GPUMemoryExhausted: reasons.containerCrashLoopBackOff,
  ModelAccessDenied: reasons.containerCrashLoopBackOff,
  GPUNotUsable: reasons.containerCrashLoopBackOff,
  ServerFlagsInvalid: reasons.containerCrashLoopBackOff,
  ModelInvalid: reasons.containerCrashLoopBackOff,
  CrashLoop: reasons.containerCrashLoopBackOff,
  InitContainerFailed: reasons.containerCrashLoopBackOff,
  ContainerStartError: reasons.containerStartError,
  SecretMissing: reasons.containerStartError,
  ConfigMapMissing: reasons.containerStartError,
  ImageNameInvalid: reasons.imagePullError,
  ImageNotOnNode: reasons.imagePullError,
  NodeDiskFull: reasons.imagePullError,
  NodeDiskPressure: reasons.nodeDiskPressure,
  NodeMemoryPressure: reasons.nodeMemoryPressure,
  PodEvicted: reasons.podEvicted,
  Unschedulable: reasons.unschedulable,
};

/** The reason of InferenceReady while it is False, as KAITO v0.12 words it; our finer code is in `status.rootCause`. */
export function inferenceReason(plan: Plan, { code, needs }: RootCause): string {
  if (plan.target === 'cluster') {
    const reason = code.startsWith('ImagePull') ? reasons.imagePullError : classified[code];
    if (reason !== undefined) return reason;
  }
  return needs === 'person' ? reasons.inferenceStatusFailed : reasons.inferenceStatusPending;
}
