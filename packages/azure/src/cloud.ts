/** Where one Azure cloud answers. Addresses carry no trailing slash; they may carry a port. */
export interface Cloud {
  /** As the Azure CLI names it, e.g. `AzureCloud`. */
  readonly name: string;
  /** Base address of Azure Resource Manager, e.g. `https://management.azure.com`. */
  readonly resourceManager: string;
  /** The audience that tokens for Resource Manager are asked for, e.g. `https://management.azure.com`. */
  readonly resourceManagerAudience: string;
  /** Base address of Entra ID, e.g. `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
  /** Base address of Microsoft Graph, e.g. `https://graph.microsoft.com`. */
  readonly graph: string;
  /** Suffix of container registries, e.g. `.azurecr.io`. */
  readonly registrySuffix: string;
}
