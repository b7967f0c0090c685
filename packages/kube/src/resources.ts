import type * as admission from 'kubernetes-types/admissionregistration/v1.js';
import type * as extensions from 'kubernetes-types/apiextensions/v1.js';
import type * as apps from 'kubernetes-types/apps/v1.js';
import type * as coordination from 'kubernetes-types/coordination/v1.js';
import type * as core from 'kubernetes-types/core/v1.js';
import type * as discovery from 'kubernetes-types/discovery/v1.js';
import type * as eventsGroup from 'kubernetes-types/events/v1.js';
import type * as policy from 'kubernetes-types/policy/v1.js';
import type * as rbac from 'kubernetes-types/rbac/v1.js';
import type { KubeObject, Resource } from './object.ts';

/** An object of the API server. The types of `kubernetes-types` leave everything optional; these fields are always there. */
export type Live<T> = T & KubeObject;

/**
 * A resource that is not built in. `plural` defaults to the lower-case kind with an s, `namespaced` to true.
 * `resource<Workspace>({ group: 'kaito.sh', version: 'v1beta1', kind: 'Workspace' })`.
 */
export function resource<T extends KubeObject = KubeObject>(of: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural?: string;
  readonly namespaced?: boolean;
}): Resource<T> {
  return {
    group: of.group,
    version: of.version,
    kind: of.kind,
    plural: of.plural ?? `${of.kind.toLowerCase()}s`,
    namespaced: of.namespaced ?? true,
  };
}

function define<T>(group: string, kind: string, plural: string, scope: 'namespaced' | 'cluster' = 'namespaced') {
  return resource<Live<T>>({ group, version: 'v1', kind, plural, namespaced: scope === 'namespaced' });
}

export const pods = define<core.Pod>('', 'Pod', 'pods');
export const services = define<core.Service>('', 'Service', 'services');
export const secrets = define<core.Secret>('', 'Secret', 'secrets');
export const configMaps = define<core.ConfigMap>('', 'ConfigMap', 'configmaps');
export const serviceAccounts = define<core.ServiceAccount>('', 'ServiceAccount', 'serviceaccounts');
export const endpoints = define<core.Endpoints>('', 'Endpoints', 'endpoints');
export const resourceQuotas = define<core.ResourceQuota>('', 'ResourceQuota', 'resourcequotas');
export const coreEvents = define<core.Event>('', 'Event', 'events');
export const persistentVolumeClaims = define<core.PersistentVolumeClaim>(
  '',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const nodes = define<core.Node>('', 'Node', 'nodes', 'cluster');
export const namespaces = define<core.Namespace>('', 'Namespace', 'namespaces', 'cluster');
export const events = define<eventsGroup.Event>('events.k8s.io', 'Event', 'events');
export const deployments = define<apps.Deployment>('apps', 'Deployment', 'deployments');
export const statefulSets = define<apps.StatefulSet>('apps', 'StatefulSet', 'statefulsets');
export const replicaSets = define<apps.ReplicaSet>('apps', 'ReplicaSet', 'replicasets');
export const daemonSets = define<apps.DaemonSet>('apps', 'DaemonSet', 'daemonsets');
export const controllerRevisions = define<apps.ControllerRevision>('apps', 'ControllerRevision', 'controllerrevisions');
export const leases = define<coordination.Lease>('coordination.k8s.io', 'Lease', 'leases');
export const endpointSlices = define<discovery.EndpointSlice>('discovery.k8s.io', 'EndpointSlice', 'endpointslices');
export const podDisruptionBudgets = define<policy.PodDisruptionBudget>(
  'policy',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
const rbacGroup = 'rbac.authorization.k8s.io';
export const roles = define<rbac.Role>(rbacGroup, 'Role', 'roles');
export const roleBindings = define<rbac.RoleBinding>(rbacGroup, 'RoleBinding', 'rolebindings');
export const clusterRoles = define<rbac.ClusterRole>(rbacGroup, 'ClusterRole', 'clusterroles', 'cluster');
export const clusterRoleBindings = define<rbac.ClusterRoleBinding>(
  rbacGroup,
  'ClusterRoleBinding',
  'clusterrolebindings',
  'cluster',
);
export const customResourceDefinitions = define<extensions.CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  'cluster',
);
const webhooks = 'admissionregistration.k8s.io';
export const validatingWebhookConfigurations = define<admission.ValidatingWebhookConfiguration>(
  webhooks,
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  'cluster',
);
export const mutatingWebhookConfigurations = define<admission.MutatingWebhookConfiguration>(
  webhooks,
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  'cluster',
);
