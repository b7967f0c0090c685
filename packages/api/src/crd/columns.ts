/** One of `additionalPrinterColumns`: what `kubectl get` shows; priority 1 with `-o wide` only. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  priority?: 1;
}

const condition = (name: string, type = name): PrinterColumn => ({
  name,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
});
const wide = (column: PrinterColumn): PrinterColumn => ({ ...column, priority: 1 });
const instance: PrinterColumn = { name: 'Instance', type: 'string', jsonPath: '.resource.instanceType' };
const model: PrinterColumn = { name: 'Model', type: 'string', jsonPath: '.inference.preset.name' };
const nodes: PrinterColumn = { name: 'TargetNodeCount', type: 'integer', jsonPath: '.status.targetNodeCount' };
const state: PrinterColumn = { name: 'State', type: 'string', jsonPath: '.status.state' };
const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
/** Why it is not Ready, in a word and in a sentence with the remedy; where it answers once it is. */
const explained: PrinterColumn[] = [
  { name: 'Cause', type: 'string', jsonPath: '.status.rootCause.code', priority: 1 },
  { name: 'Endpoint', type: 'string', jsonPath: '.status.endpoint', priority: 1 },
  {
    name: 'Message',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="WorkspaceReady")].message',
    priority: 1,
  },
];

/** The columns of KAITO v0.2, in its order; more in the wide form. */
export const workspaceColumnsV1alpha1: PrinterColumn[] = [
  instance,
  condition('ResourceReady'),
  condition('InferenceReady'),
  condition('WorkspaceReady'),
  age,
  wide(model),
  wide(nodes),
  wide(state),
  ...explained,
];

/** The columns of KAITO v0.12, in its order; more in the wide form. */
export const workspaceColumnsV1beta1: PrinterColumn[] = [
  instance,
  condition('ResourceReady'),
  condition('InferenceReady'),
  condition('JobStarted'),
  condition('WorkspaceSucceeded'),
  nodes,
  state,
  age,
  wide(model),
  wide(condition('WorkspaceReady')),
  ...explained,
];

const label = (name: string, key: string): PrinterColumn => ({
  name,
  type: 'string',
  jsonPath: `.metadata.labels.${key.replaceAll('.', '\\.')}`,
});

export const nodeClaimColumns: PrinterColumn[] = [
  label('Type', 'node.kubernetes.io/instance-type'),
  wide(label('Capacity', 'karpenter.sh/capacity-type')),
  label('Zone', 'topology.kubernetes.io/zone'),
  { name: 'Node', type: 'string', jsonPath: '.status.nodeName' },
  condition('Ready'),
  label('Workspace', 'kaito.sh/workspace'),
  age,
  wide({ name: 'ID', type: 'string', jsonPath: '.status.providerID' }),
  wide({ name: 'NodeClass', type: 'string', jsonPath: '.spec.nodeClassRef.name' }),
  wide(condition('Launched')),
  wide(condition('Registered')),
  wide(condition('Initialized')),
];

export const nodeClassColumns: PrinterColumn[] = [
  { name: 'OS', type: 'string', jsonPath: '.spec.osSKU' },
  { name: 'Disk', type: 'integer', jsonPath: '.spec.osDisk.sizeGiB' },
  condition('Ready'),
  age,
];
