import { ArmError } from './arm-error.ts';

/** Errors of what is there and what is not. */

export const missingSubscription = (): ArmError =>
  new ArmError(
    404,
    'MissingSubscription',
    'The request did not have a subscription or a valid tenant level resource provider.',
  );

export const invalidSubscriptionId = (id: string): ArmError =>
  new ArmError(400, 'InvalidSubscriptionId', `The provided subscription identifier '${id}' is malformed or invalid.`);

export const subscriptionNotFound = (id: string): ArmError =>
  new ArmError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);

export const resourceGroupNotFound = (name: string): ArmError =>
  new ArmError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);

export const resourceGroupBeingDeleted = (name: string): ArmError =>
  new ArmError(
    409,
    'ResourceGroupBeingDeleted',
    `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`,
  );

export const invalidResourceGroupLocation = (name: string, location: string): ArmError =>
  new ArmError(
    409,
    'InvalidResourceGroupLocation',
    `Invalid resource group location '${location}'. The Resource group already exists in location '${name}'.`,
  );

export const invalidResourceGroupName = (name: string): ArmError =>
  new ArmError(
    400,
    'InvalidResourceGroup',
    `The resource group name '${name}' is invalid: it may have 90 letters, digits, '-', '_', '(', ')' and '.', and not end with a period.`,
  );

/** @param path `Microsoft.ContainerService/managedClusters/kaito` */
export const resourceNotFound = (path: string, group: string): ArmError =>
  new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${path}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );

/** What lies below a resource that does not exist. */
export const parentResourceNotFound = (path: string, parent: string, verb: 'read' | 'write' = 'read'): ArmError =>
  new ArmError(
    404,
    'ParentResourceNotFound',
    `Failed to perform '${verb}' on resource(s) of type '${path}', because the parent resource '${parent}' could not be found.`,
  );

export const locationNotAvailable = (location: string, supported: readonly string[]): ArmError =>
  new ArmError(
    400,
    'LocationNotAvailableForResourceGroup',
    `The provided location '${location}' is not available for resource group. List of available regions is '${supported.join(',')}'.`,
  );

export const locationRequired = (): ArmError =>
  new ArmError(400, 'LocationRequired', 'The location property is required for this definition.');

export const operationNotFound = (id: string): ArmError =>
  new ArmError(404, 'NotFound', `The operation with id '${id}' was not found.`);

/** A group cannot go because something in it does not. */
export const resourceNotDeleted = (id: string, code: string, message: string): ArmError =>
  new ArmError(
    409,
    'ResourceGroupDeletionBlocked',
    `Deletion of the resource group failed as the resource '${id}' could not be deleted: ${code}: ${message}`,
  );
