import type { ContainerStatus } from 'kubernetes-types/core/v1.js';
import { type Client, type Clock, deployments, pods } from '@kaito/kube';

/** Between two looks, ms. */
const lookAgain = 200;
/** Longest wait, ms. */
const patience = 60_000;

/**
 * Resolves when each container of the add-on runs and is ready, or has ended so often that the kubelet lets it wait. AKS takes minutes to make a
 * cluster: when it says that it is there, its add-on's pods have long begun.
 */
export async function addonBegun(client: Client, clock: Clock, signal: AbortSignal): Promise<void> {
  const began = clock.monotonic();
  const selection = { namespace: 'kube-system', labelSelector: 'app=ai-toolchain-operator', signal };
  while (clock.monotonic() - began < patience && !signal.aborted) {
    const [wanted, there] = await Promise.all([client.list(deployments, selection), client.list(pods, selection)]);
    const count = wanted.items.reduce((sum, { spec }) => sum + (spec?.replicas ?? 1), 0);
    const begun = there.items.filter(({ status }) => status?.containerStatuses?.every(hasBegun) === true);
    if (begun.length >= count) return;
    await new Promise<void>((resolve) => void clock.after(lookAgain, resolve));
  }
}

const hasBegun = ({ ready, state }: ContainerStatus): boolean => ready || state?.waiting?.reason === 'CrashLoopBackOff';
