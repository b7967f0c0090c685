import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GoPrograms, type Progress, downloadGoModules, ensureGoPrograms } from '../go-programs.ts';
import type { RegistryAccess } from './real-node.ts';

const sources = fileURLToPath(new URL('../../go/acr-credential-provider', import.meta.url));

const programs: GoPrograms = {
  sources,
  builds: [
    {
      module: sources,
      packages: ['sigs.k8s.io/cloud-provider-azure/cmd/acr-credential-provider'],
      ldflags: '-s -w',
    },
  ],
};

/** The folder with `acr-credential-provider`, by which AKS's kubelets get at Azure registries; built on first use (minutes). @throws LabError where that fails. */
export async function ensureAcrCredentialProvider(progress: Progress): Promise<string> {
  return await ensureGoPrograms(programs, progress);
}

/** Fetches the modules' sources, which the build needs first; network, not processor. */
export async function downloadAcrCredentialProvider(progress: Progress): Promise<void> {
  await downloadGoModules(programs, progress);
}

/** The managed identity that a node is at registries. */
export interface KubeletIdentity {
  readonly clientId: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
}

const write = (file: string, content: object): void =>
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });

/**
 * Writes the configuration of a node's kubelet by which it pulls from `*.azurecr.io` as `identity`, with the program of
 * `ensureAcrCredentialProvider` in `programsFolder`. The program asks 169.254.169.254 for the identity's token, and gives it to the registry
 * (`/oauth2/exchange`) for one of the registry's own. `folder` must be seen by nodes: not below /run, /etc, /var/lib or /var/log.
 */
export function acrCredentialProvider(
  folder: string,
  programsFolder: string,
  identity: KubeletIdentity,
): NonNullable<RegistryAccess['credentialProvider']> {
  mkdirSync(folder, { recursive: true });
  const azure = resolve(folder, 'azure.json');
  const config = resolve(folder, 'credential-provider.json');
  write(azure, {
    cloud: 'AzurePublicCloud',
    tenantId: identity.tenantId,
    subscriptionId: identity.subscriptionId,
    useManagedIdentityExtension: true,
    userAssignedIdentityID: identity.clientId,
  });
  write(config, {
    apiVersion: 'kubelet.config.k8s.io/v1',
    kind: 'CredentialProviderConfig',
    providers: [
      {
        name: 'acr-credential-provider',
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        matchImages: ['*.azurecr.io'],
        // As on AKS; the program's answers name a shorter one.
        defaultCacheDuration: '10m',
        args: [azure],
      },
    ],
  });
  return { config, folder: programsFolder };
}
