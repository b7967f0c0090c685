import { parentResourceNotFound } from '../errors/resource-errors.ts';
import { ArmError } from '../errors/arm-error.ts';
import type { Family } from '../compute/families.ts';
import { regional } from '../compute/families.ts';

/** Errors of AKS, in its words. */

export const unknownField = (name: string): ArmError =>
  new ArmError(400, 'UnmarshalError', `UnmarshalEntity encountered error: json: unknown field "${name}".`);

export const wrongType = (name: string, wanted: string): ArmError =>
  new ArmError(
    400,
    'UnmarshalError',
    `UnmarshalEntity encountered error: json: cannot unmarshal value into field ${name} of type ${wanted}.`,
  );

/** @param parameter e.g. `agentPoolProfile.count` */
export const invalidValue = (parameter: string, why: string): ArmError =>
  new ArmError(
    400,
    'InvalidParameter',
    `The value of parameter ${parameter} is invalid. Error details: ${why} Please see https://aka.ms/aks-naming-rules for more details.`,
  );

export const propertyChange = (property: string): ArmError =>
  new ArmError(400, 'PropertyChangeNotAllowed', `Changing property '${property}' is not allowed.`);

export const noSystemPool = (): ArmError =>
  new ArmError(400, 'BadRequest', 'There has to be at least one system agent pool.');

export const poolNotFound = (name: string): ArmError =>
  new ArmError(404, 'NotFound', `Agent Pool not found. Agent pool ${name} does not exist in the managed cluster.`);

export const tooManyPools = (cluster: string, most: number): ArmError =>
  new ArmError(
    400,
    'MaxAgentPoolCountReached',
    `Managed cluster ${cluster} has reached the maximum number of agent pools per cluster: ${most}.`,
  );

/** Of what runs at a cluster. @param operation e.g. `create node pool` */
export const inProgress = (operation: string, startTime: string): ArmError =>
  new ArmError(
    409,
    'OperationNotAllowed',
    `Operation is not allowed because there's an in progress ${operation} operation on the managed cluster started on ${startTime}. Please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details`,
  );

export const clusterStopped = (cluster: string): ArmError =>
  new ArmError(
    409,
    'OperationNotAllowed',
    `Operation is not allowed because the managed cluster ${cluster} is in (Stopped) power state. Please start the cluster before starting a new operation.`,
  );

export const preconditionFailed = (): ArmError =>
  new ArmError(
    412,
    'PreconditionFailed',
    'The operation failed because the precondition of the request, its If-Match or If-None-Match header, does not hold for the entity tag of the resource.',
  );

export const insufficientQuota = (family: Family, requested: number, left: number, location: string): ArmError =>
  new ArmError(
    400,
    'ErrCode_InsufficientVCPUQuota',
    family.name === regional.name
      ? `Insufficient regional vcpu quota left for location ${location}. left regional vcpu quota ${left}, requested quota ${requested}. If you want to increase the quota, please follow this instruction: https://learn.microsoft.com/en-us/azure/quotas/view-quotas. Surge nodes would also consume vCPU quota, please consider use smaller maxSurge or use maxUnavailable to proceed upgrade without surge nodes, details: aka.ms/aks/maxUnavailable.`
      : `Insufficient vcpu quota requested ${requested}, remaining ${left} for family ${family.name} for region ${location}.`,
  );

/** A size that the region does not have, or that does not exist. */
export const sizeNotAllowed = (size: string, location: string, available: readonly string[]): ArmError =>
  new ArmError(
    400,
    'BadRequest',
    `The VM size of ${size} is not allowed in your subscription in location '${location}'. The available VM sizes are '${available.map((name) => name.toLowerCase()).join(',')}'. For more details, please visit https://aka.ms/aks/vm-size-list`,
  );

/** A size that the subscription may not have in the region. */
export const skuNotAvailable = (size: string, location: string): ArmError =>
  new ArmError(
    400,
    'SkuNotAvailable',
    `The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: ${size}' is currently not available in location '${location}'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.`,
  );

export const zoneNotSupported = (
  zones: readonly string[],
  resource: string,
  location: string,
  supported: readonly string[],
): ArmError =>
  new ArmError(
    400,
    'AvailabilityZoneNotSupported',
    `The zone(s) '${zones.join(',')}' for resource '${resource}' is not supported. The supported zones for location '${location}' are '${supported.join(',')}'`,
  );

export const versionNotSupported = (version: string, location: string): ArmError =>
  new ArmError(
    400,
    'K8sVersionNotSupported',
    `Managed cluster version ${version} is not supported in this region. Please use [az aks get-versions -l ${location}] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list`,
  );

export const linkedAuthorizationFailed = (
  client: { readonly appId: string; readonly id: string },
  action: string,
  scope: string,
  linkedAction: string,
  linkedScope: string,
): ArmError =>
  new ArmError(
    403,
    'LinkedAuthorizationFailed',
    `The client '${client.appId}' with object id '${client.id}' has permission to perform action '${action}' on scope '${scope}'; however, it does not have permission to perform action(s) '${linkedAction}' on the linked scope(s) '${linkedScope}' (respectively) or the linked scope(s) are invalid.`,
  );

export const localAccountsDisabled = (): ArmError =>
  new ArmError(
    400,
    'BadRequest',
    'Getting static credential is not allowed because this cluster is set to disable local accounts.',
  );

/** helm's own words of why the add-on could not be installed or removed. */
export const addonFailed = (words: string): ArmError =>
  new ArmError(400, 'AddonOperationFailed', `The AI toolchain operator add-on could not be reconciled: ${words}`);

export const controlPlaneFailed = (words: string): ArmError =>
  new ArmError(500, 'ControlPlaneFailed', `The control plane of the managed cluster could not be started: ${words}`);

export const oidcIssuerStays = (): ArmError =>
  new ArmError(400, 'OIDCIssuerFeatureCannotBeDisabled', 'The OIDC issuer of a managed cluster cannot be disabled.');

export const clusterElsewhere = (name: string, group: string, location: string, wanted: string): ArmError =>
  new ArmError(
    409,
    'InvalidResourceLocation',
    `The resource '${name}' already exists in location '${location}' in resource group '${group}'. A resource with the same name cannot be created in location '${wanted}'. Please select a new resource name.`,
  );

/** A pool of a cluster that is not there. */
export const parentNotFound = (cluster: string): ArmError =>
  parentResourceNotFound('managedClusters/agentPools', cluster, 'write');

/** A cluster in a region that AKS does not know. */
export const regionNotAvailable = (location: string, regions: readonly string[]): ArmError =>
  new ArmError(
    400,
    'LocationNotAvailableForResourceType',
    `The provided location '${location}' is not available for resource type 'Microsoft.ContainerService/managedClusters'. List of available regions for the resource type is '${regions.join(',')}'.`,
  );

export const nodeGroupExists = (name: string): ArmError =>
  invalidValue('nodeResourceGroup', `The resource group ${name} exists already, and only the cluster may make it.`);
