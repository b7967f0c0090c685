import {
  doNotDisruptAnnotation,
  gpuTaint,
  instanceTypeLabel,
  type NodeClaim,
  nodeClaimName,
  nodePoolLabel,
  nodePoolName,
  type NodeRequirement,
  osLabel,
  skuNameLabel,
  type Workspace,
  workspaceLabel,
  workspaceNamespaceLabel,
  workspaceUIDAnnotation,
} from '@kaito/api';
import type { Plan } from '@kaito/planner';

function only(key: string, value: string): NodeRequirement {
  return { key, operator: 'In', values: [value] };
}

/** Disk of a machine for a pod template, of whose images nothing is known, GiB. Our choice. */
const templateDiskGiB = 128;

/**
 * The NodeClaim of one machine of a Workspace, as KAITO v0.12 writes it for the gpu-provisioner. GPUs are not requested: a node is
 * initialised before its device plugin runs, and a provisioner that waits for GPUs would wait for one that waits for the node.
 *
 * @throws RangeError for a Plan that names no machine type, or a Workspace without UID.
 */
export function renderNodeClaim(
  plan: Plan,
  workspace: Workspace,
  machine: { readonly ordinal: number; readonly attempt: number },
): NodeClaim {
  const { placement, shape } = plan;
  const instanceType = placement?.instanceType;
  if (placement === undefined || instanceType === undefined) {
    throw new RangeError(`The Plan of Workspace ${plan.workspace.name} rents no machine.`);
  }
  const workspaceUID = workspace.metadata.uid ?? '';
  const azure = instanceType.startsWith('Standard_');
  const gpu = (shape?.gpusPerPod ?? 0) > 0 || instanceType.startsWith('Standard_N');
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: {
      name: nodeClaimName({ workspaceUID, ...machine }),
      labels: {
        ...placement.nodeSelector,
        [nodePoolLabel]: nodePoolName,
        [workspaceLabel]: plan.workspace.name,
        [workspaceNamespaceLabel]: plan.workspace.namespace,
      },
      annotations: { [doNotDisruptAnnotation]: 'true', [workspaceUIDAnnotation]: workspaceUID },
    },
    spec: {
      nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
      requirements: [
        only(nodePoolLabel, nodePoolName),
        only(instanceTypeLabel, instanceType),
        only(osLabel, 'linux'),
        ...(azure ? [only(skuNameLabel, instanceType)] : []),
      ],
      ...(gpu && { taints: [{ ...gpuTaint }] }),
      resources: { requests: { storage: `${placement.diskGiB || templateDiskGiB}Gi` } },
    },
  };
}
