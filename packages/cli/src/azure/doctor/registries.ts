import { type ManagedCluster, mayPull, pullRole, type Registry } from '@kaito/azure';
import { OciError, parseReference, RegistryClient } from '@kaito/oci';
import type { AksFlags } from '../cluster.ts';
import { groupAndName, quoted } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { registryAudience } from '../registry-logins.ts';
import { sameName } from '../resource-id.ts';
import { asCheck, type AzureCheck } from './check.ts';
import type { Wants } from './wants.ts';

/** Whether nodes may pull from the registries that Workspaces and flags name, and whether the images are there. */
export async function registryChecks(
  azure: AzureAccess,
  cluster: ManagedCluster,
  images: Wants['images'],
  flags: AksFlags & { readonly registry?: readonly string[] },
): Promise<readonly AzureCheck[]> {
  const named = flags.registry ?? [];
  if (named.length + images.size === 0) return [];
  try {
    const registries = await azure.registries.list();
    const hosts = hostsOf(images, named, registries, azure.cloud.registrySuffix);
    const attached = [...hosts].map(([host, withSecret]) =>
      attachedCheck(azure, cluster, { host, withSecret, registries }, flags),
    );
    return [...(await Promise.all(attached)), ...(await imageChecks(azure, [...images.keys()], registries))];
  } catch (error) {
    return [asCheck(error, 'registries')];
  }
}

/** Azure's registries among those that are named, and whether all that pull from one bring a secret. */
function hostsOf(
  images: Wants['images'],
  named: readonly string[],
  registries: readonly Registry[],
  suffix: string,
): ReadonlyMap<string, boolean> {
  const known = (name: string) =>
    registries.find((each) => sameName(each.name, name) || sameName(each.loginServer, name))?.loginServer;
  const hosts = new Map(
    named.map((name) => [(known(name) ?? (name.includes('.') ? name : `${name}${suffix}`)).toLowerCase(), false]),
  );
  for (const [image, { withSecret }] of images) {
    const host = hostOf(image);
    if (host !== undefined && (host.endsWith(suffix) || known(host) !== undefined))
      hosts.set(host, withSecret && (hosts.get(host) ?? true));
  }
  return hosts;
}

function hostOf(image: string): string | undefined {
  try {
    return parseReference(image).registry.toLowerCase();
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

async function attachedCheck(
  azure: AzureAccess,
  cluster: ManagedCluster,
  {
    host,
    withSecret,
    registries,
  }: { readonly host: string; readonly withSecret: boolean; readonly registries: readonly Registry[] },
  flags: AksFlags,
): Promise<AzureCheck> {
  const name = 'registry';
  const registry = registries.find(({ loginServer }) => sameName(loginServer, host));
  if (registry === undefined)
    return {
      name,
      state: 'unknown',
      found: `${host} is none of this subscription's registries`,
      remedy: 'See them: az acr list -o table; of another subscription: --subscription ID',
    };
  const kubelet = cluster.kubeletIdentity;
  if (kubelet === undefined)
    return {
      name,
      state: 'unknown',
      found: `AKS names no identity of the nodes, so their right to pull from ${host} is not seen`,
    };
  try {
    const rights = await azure.authorization.rightsOf(kubelet.objectId, registry.id);
    if (mayPull(registry, rights))
      return { name, state: 'ok', found: `the nodes may pull from ${host}, by ${rights.roles.join(', ')}` };
    return {
      name,
      state: withSecret ? 'ok' : 'failed',
      found: `the nodes have no right to pull from ${host} (${pullRole(registry)})${withSecret ? '; its Workspaces bring secrets' : ''}`,
      ...(!withSecret && {
        remedy: registry.rightsByRepository
          ? `az role assignment create --role ${quoted(pullRole(registry))} --assignee-object-id ${kubelet.objectId} --assignee-principal-type ServicePrincipal --scope ${quoted(registry.id)}`
          : `az aks update ${groupAndName(flags)} --attach-acr ${registry.name}`,
      }),
    };
  } catch (error) {
    return asCheck(error, name);
  }
}

/** Whether each image is there, by a HEAD of its manifest as the person who is logged in. */
async function imageChecks(
  azure: AzureAccess,
  images: readonly string[],
  registries: readonly Registry[],
): Promise<readonly AzureCheck[]> {
  const client = new RegistryClient({
    credentials: async (host) =>
      registries.some(({ loginServer }) => sameName(loginServer, host))
        ? { kind: 'entra', token: (await azure.credential.token(registryAudience)).value }
        : undefined,
    secureLoopback: true,
  });
  return await Promise.all(
    images.map(async (image): Promise<AzureCheck> => {
      const name = 'image';
      try {
        const digest = await client.manifestDigest(parseReference(image));
        if (digest !== undefined) return { name, state: 'ok', found: `${image} is ${digest}` };
        return {
          name,
          state: 'failed',
          found: `there is no image ${image}`,
          remedy: `kaito image copy SOURCE ${quoted(image)}`,
        };
      } catch (error) {
        if (!(error instanceof OciError)) return asCheck(error, name);
        const { message, remedy } = error;
        const gone = error.code === 'NotFound' || error.code === 'InvalidReference';
        return {
          name,
          state: gone ? 'failed' : 'unknown',
          found: gone ? message : `not seen: ${message}`,
          ...(remedy !== undefined && { remedy }),
        };
      }
    }),
  );
}
