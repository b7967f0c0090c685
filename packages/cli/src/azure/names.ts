/** Names that setup gives, and by which doctor and teardown find again what it made. */

/** The ServiceAccount of the chart's provisioner. */
export const provisionerName = 'kaito-gpu-provisioner';
/** What Entra ID wants a federated token to be for. Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust. */
export const audience = 'api://AzureADTokenExchange';
/** As Microsoft's walkthrough names it. */
export const federatedCredentialName = 'kaito-federated-identity';
/** The Helm release. */
export const releaseName = 'kaito';
export const ownNamespace = 'kaito-system';
/** Where AKS keeps its managed add-on. */
export const addOnNamespace = 'kube-system';

/** The identity that AKS makes for the managed add-on, in the resource group of the nodes. */
export function addOnIdentityOf(cluster: string): string {
  return `ai-toolchain-operator-${cluster}`;
}

export function ownIdentityOf(cluster: string): string {
  return `kaito-${cluster}`;
}

export function roleNameOf(cluster: string): string {
  return `KAITO GPU provisioner (${cluster})`;
}

/** Whom the cluster's issuer says the provisioner's pod is. */
export function subjectIn(namespace: string): string {
  return `system:serviceaccount:${namespace}:${provisionerName}`;
}
