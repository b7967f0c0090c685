import type { JsonObject } from '../../store/store.ts';

/** The size that AKS takes where none is named. */
const defaultSize = 'Standard_D4s_v5';

const images: Readonly<Record<string, string>> = {
  Ubuntu: 'AKSUbuntu-2204gen2containerd-202605.12.0',
  Ubuntu2204: 'AKSUbuntu-2204gen2containerd-202605.12.0',
  Ubuntu2404: 'AKSUbuntu-2404gen2containerd-202605.12.0',
  AzureLinux: 'AKSAzureLinux-V3gen2-202605.12.0',
  AzureLinux3: 'AKSAzureLinux-V3gen2-202605.12.0',
  Windows2022: 'AKSWindows-2022-containerd-20348.3692.250509',
};

/** SKUs of operating systems that pools may have. */
export const osSkus: readonly string[] = Object.keys(images);

/** The bounds of autoscaling go with it. */
function withoutScaling(pool: JsonObject = {}): JsonObject {
  const { minCount: _, maxCount: __, ...rest } = pool;
  return rest;
}

/** A pool as AKS completes it: what the caller set, over what is there, over defaults. */
export function completePool(
  set: JsonObject,
  existing: JsonObject | undefined,
  cluster: { readonly kubernetesVersion: string; readonly networkPlugin: string },
): JsonObject {
  const spot = (set['scaleSetPriority'] ?? existing?.['scaleSetPriority']) === 'Spot';
  const osType = set['osType'] ?? existing?.['osType'] ?? 'Linux';
  const osSKU = set['osSKU'] ?? existing?.['osSKU'] ?? (osType === 'Windows' ? 'Windows2022' : 'Ubuntu');
  const complete: JsonObject = {
    count: 1,
    vmSize: defaultSize,
    osDiskType: 'Managed',
    kubeletDiskType: 'OS',
    maxPods: cluster.networkPlugin === 'azure' ? 250 : 110,
    type: 'VirtualMachineScaleSets',
    enableAutoScaling: false,
    scaleDownMode: 'Delete',
    mode: 'User',
    osType,
    osSKU,
    orchestratorVersion: cluster.kubernetesVersion,
    enableNodePublicIP: false,
    enableEncryptionAtHost: false,
    enableUltraSSD: false,
    enableFIPS: false,
    upgradeSettings: { maxSurge: '10%', maxUnavailable: '0' },
    ...(spot && { scaleSetEvictionPolicy: 'Delete', spotMaxPrice: -1 }),
    ...(set['enableAutoScaling'] === false ? withoutScaling(existing) : existing),
    ...set,
  };
  return {
    ...complete,
    // 0 asks for the size that AKS chooses by the machine's.
    osDiskSizeGB:
      complete['osDiskSizeGB'] === 0 || complete['osDiskSizeGB'] === undefined ? 128 : complete['osDiskSizeGB'],
    currentOrchestratorVersion: existing?.['currentOrchestratorVersion'] ?? cluster.kubernetesVersion,
    nodeImageVersion: images[String(complete['osSKU'])] ?? images['Ubuntu'],
    powerState: existing?.['powerState'] ?? { code: 'Running' },
  };
}
