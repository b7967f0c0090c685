/** Label and annotation keys, their values, and finalizers: the names other programs know KAITO's objects by. */

/** On pods, NodeClaims and nodes: name and namespace of the Workspace they belong to. */
export const workspaceLabel = 'kaito.sh/workspace';
export const workspaceNamespaceLabel = 'kaito.sh/workspacenamespace';
export const ragEngineLabel = 'kaito.sh/ragengine';
export const ragEngineNamespaceLabel = 'kaito.sh/ragenginenamespace';

/** On nodes: `gpu` or `cpu`. */
export const machineTypeLabel = 'kaito.sh/machine-type';
/** On nodes: creation time of the NodeClaim, UTC, as `2026-01-31T12-00-00Z` (a label value may hold no colon). */
export const creationTimestampLabel = 'kaito.sh/creation-timestamp';
/** On nodes with an NVIDIA GPU: `nvidia`. */
export const acceleratorLabel = 'accelerator';

/** Annotation of a Workspace: exactly `"True"` makes its Service a LoadBalancer. */
export const enableLoadBalancerAnnotation = 'kaito.sh/enablelb';
/** Annotation of a Workspace, any value: the memory estimate warns and does not refuse. */
export const bypassResourceChecksAnnotation = 'kaito.sh/bypass-resource-checks';
/** Annotation of a Workspace beside `enablelb`, `"True"`: the load balancer gets an address inside the virtual network only. */
export const internalLoadBalancerAnnotation = 'kaito.sh/internal-lb';
/** Annotation of a Workspace: the revision named in its value (or `now`) may be rolled out, whatever the window says. */
export const updateAnnotation = 'kaito.sh/update';
/** Annotation of a Workspace: cron expression (5 fields, UTC), a space and a duration, e.g. `0 2 * * 6 4h`: when held updates roll. */
export const updateWindowAnnotation = 'kaito.sh/update-window';
/** Annotation of a Workspace, `"node"`: a rollout may rent one machine more for its time. */
export const surgeAnnotation = 'kaito.sh/surge';
/** Annotation of a Workspace, `"true"`: objects that another KAITO made for it are taken over as they are. */
export const adoptAnnotation = 'kaito.sh/adopt';
/** Annotation of a workload: the ControllerRevision it was made from. */
export const revisionAnnotation = 'kaito.sh/revision';
/** Annotation of a NodeClaim of ours: UID of the Workspace it was asked for. */
export const workspaceUIDAnnotation = 'kaito.sh/workspace-uid';
/** Annotation of a NodeClaim: `ubuntu` or `azurelinux`. */
export const nodeImageFamilyAnnotation = 'kaito.sh/node-image-family';

export const workspaceFinalizer = 'workspace.finalizer.kaito.sh';

/** Karpenter's keys, as the gpu-provisioner uses them. */
export const nodePoolLabel = 'karpenter.sh/nodepool';
/** Value of `karpenter.sh/nodepool` on KAITO's own NodeClaims. */
export const nodePoolName = 'kaito';
export const provisionerNameLabel = 'karpenter.sh/provisioner-name';
export const capacityTypeLabel = 'karpenter.sh/capacity-type';
export const registeredLabel = 'karpenter.sh/registered';
export const initializedLabel = 'karpenter.sh/initialized';
export const doNotDisruptAnnotation = 'karpenter.sh/do-not-disrupt';
export const terminationFinalizer = 'karpenter.sh/termination';
export const skuNameLabel = 'karpenter.azure.com/sku-name';
/** Label of a node, `"true"`: the taints of its NodeClaim are not put on it. */
export const doNotSyncTaintsLabel = 'karpenter.sh/do-not-sync-taints';
/** Annotation of a NodeClaim that is being deleted, RFC 3339: from then on nothing on its node is waited for. */
export const terminationTimestampAnnotation = 'karpenter.sh/nodeclaim-termination-timestamp';
/** Taint of a node whose pods are being moved away. */
export const disruptedTaint = { key: 'karpenter.sh/disrupted', effect: 'NoSchedule' } as const;
/** Taint of a node that nobody has registered yet. */
export const unregisteredTaint = { key: 'karpenter.sh/unregistered', effect: 'NoExecute' } as const;

/** Kubernetes' and AKS's node labels. */
export const instanceTypeLabel = 'node.kubernetes.io/instance-type';
export const zoneLabel = 'topology.kubernetes.io/zone';
export const hostnameLabel = 'kubernetes.io/hostname';
export const osLabel = 'kubernetes.io/os';
export const archLabel = 'kubernetes.io/arch';
export const agentPoolLabel = 'agentpool';
export const azureAgentPoolLabel = 'kubernetes.azure.com/agentpool';
/** Label of a node, any value: load balancers of the cloud leave it out. */
export const excludeFromBalancersLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** The GPU resource of NVIDIA's device plugin, and the taint of rented GPU machines (`sku=gpu:NoSchedule`). */
export const gpuResource = 'nvidia.com/gpu';
export const gpuTaint = { key: 'sku', value: 'gpu', effect: 'NoSchedule' } as const;

/** The taint that AKS sets on spot machines: https://learn.microsoft.com/azure/aks/spot-node-pool. */
export const spotTaint = { key: 'kubernetes.azure.com/scalesetpriority', value: 'spot', effect: 'NoSchedule' } as const;

/** Keys that say whose a machine is; a person's labelSelector cannot ask for them. */
export const reservedSelectorKeys: readonly string[] = [
  workspaceLabel,
  workspaceNamespaceLabel,
  ragEngineLabel,
  ragEngineNamespaceLabel,
  'karpenter.kaito.sh/workspace-name',
  'karpenter.kaito.sh/workspace-namespace',
  'karpenter.kaito.sh/inferenceset',
  'karpenter.kaito.sh/inferenceset-namespace',
];
