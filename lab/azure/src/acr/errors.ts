import { ArmError } from '../errors/arm-error.ts';

/** Errors of Microsoft.ContainerRegistry, in its words. */

export const invalidRegistryName = (name: string): ArmError =>
  new ArmError(
    400,
    'RegistryNameNotValid',
    `${invalidNameText(name)} For more information on naming rules, please visit https://aka.ms/acr/naming.`,
  );

export const invalidNameText = (name: string): string =>
  `Registry names may contain alpha numeric characters only and must be between 5 and 50 characters. '${name}' is not such a name.`;

export const nameInUseText = (host: string): string =>
  `The registry DNS name ${host} is already in use. You can check if the name is already claimed using following API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability`;

export const nameInUse = (host: string): ArmError => new ArmError(409, 'AlreadyInUse', nameInUseText(host));

export const locationChange = (id: string, was: string, asked: string): ArmError =>
  new ArmError(
    409,
    'InvalidResourceLocation',
    `The resource '${id.split('/').at(-1)}' already exists in location '${was}' in resource group '${id.split('/')[4]}'. A resource with the same name cannot be created in location '${asked}'. Please select a new resource name.`,
  );

export const invalidSku = (sku: string): ArmError =>
  new ArmError(
    400,
    'SkuNotSupported',
    `The SKU '${sku}' is not supported. The supported SKUs are Basic, Standard and Premium.`,
  );

export const needsSku = (feature: string, sku: string): ArmError =>
  new ArmError(
    400,
    'FeatureNotSupportedForSku',
    `The ${feature} feature is not supported for registry SKU ${sku}. Please upgrade the registry. For more information on SKUs, please visit https://aka.ms/acr/tiers.`,
  );

/** What the emulator does not carry out is refused, not ignored. */
export const notEmulated = (property: string): ArmError =>
  new ArmError(
    400,
    'FeatureNotSupported',
    `The value of '${property}' asks for a feature that this cloud does not have.`,
  );

export const adminUserDisabled = (id: string): ArmError =>
  new ArmError(
    400,
    'UnAuthorizedForCredentialOperations',
    `Cannot perform credential operations for ${id} as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account`,
  );

export const systemScopeMap = (name: string): ArmError =>
  new ArmError(400, 'SystemScopeMapNotEditable', `The scope map '${name}' is the system's own and cannot be changed.`);

export const scopeMapUnknown = (id: string): ArmError =>
  new ArmError(400, 'ScopeMapNotFound', `The scope map '${id}' does not exist.`);

const imported = (status: number, code: string, registryId: string, what: string): ArmError =>
  new ArmError(status, code, `Import to registry ${registryId} failed. ${what}`);

export const importConflict = (registryId: string, tag: string): ArmError =>
  imported(409, 'Conflict', registryId, `${tag} Tag ${tag} already exists in target registry.`);

export const importSourceUnknown = (registryId: string, host: string): ArmError =>
  imported(400, 'InvalidParameters', registryId, `The source registry '${host}' cannot be reached.`);

export const importSourceRefused = (registryId: string, repository: string): ArmError =>
  imported(
    400,
    'InvalidParameters',
    registryId,
    `Invalid message Unauthorized Unauthorized {"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"repository","Class":"","Name":"${repository}","Action":"pull"}]}]}`,
  );

export const importSourceMissing = (
  registryId: string,
  host: string,
  repository: string,
  reference: string,
): ArmError => {
  const digest = reference.includes(':');
  return imported(
    400,
    'InvalidParameters',
    registryId,
    `Unable to find manifest digest Repo: ${host}/${repository} Tag: ${digest ? '' : reference} Manifest: ${digest ? reference : ''}`,
  );
};

export const importBlobsFailed = (registryId: string, why: string): ArmError =>
  imported(400, 'InvalidParameters', registryId, `Error copying blobs: ${why}`);
