import type { AgentPool } from '@kaito/azure';
import type { Live } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';

/** The node that AKS makes of a machine of a pool. */
export function aksNode(pool: AgentPool, { index = 0, ready = true } = {}): Live<Node> {
  const name = `aks-${pool.name}-12345678-vmss00000${index}`;
  const { nodeLabels, nodeTaints = [], vmSize = '' } = pool.properties;
  const resources = { cpu: '6', memory: '112Gi', pods: '110', 'ephemeral-storage': '120Gi' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {
        ...nodeLabels,
        agentpool: pool.name,
        'kubernetes.azure.com/agentpool': pool.name,
        'node.kubernetes.io/instance-type': vmSize,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
      },
    },
    spec: {
      providerID: `azure:///subscriptions/s/resourceGroups/MC_g_c_westus3/providers/Microsoft.Compute/virtualMachineScaleSets/aks-${pool.name}-12345678-vmss/virtualMachines/${index}`,
      taints: nodeTaints.map((text) => {
        const [, key = '', value = '', effect = ''] = /^([^=]*)=([^:]*):(.*)$/.exec(text) ?? [];
        return { key, value, effect };
      }),
    },
    status: { capacity: resources, allocatable: resources, conditions: [readyCondition(ready)] },
  };
}

export function readyCondition(ready: boolean, since = '2026-01-01T00:00:00Z') {
  return {
    type: 'Ready',
    status: ready ? 'True' : 'Unknown',
    reason: ready ? 'KubeletReady' : 'NodeStatusUnknown',
    message: ready ? 'kubelet is posting ready status' : 'Kubelet stopped posting node status.',
    lastTransitionTime: since,
  };
}
