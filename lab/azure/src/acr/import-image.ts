import { copyImage, OciError, parseReference, RegistryClient } from '@kaito/oci';
import { ArmError } from '../errors/arm-error.ts';
import { authorizationFailed } from '../errors/authentication-errors.ts';
import { invalidParameter, invalidRequestContent } from '../errors/request-errors.ts';
import { resourceNotFound } from '../errors/resource-errors.ts';
import type { StoredOperation } from '../operations/operations.ts';
import type { JsonObject } from '../store/store.ts';
import type { ArmAnswer, ArmRequest, ArmRoute, Emulator } from '../wire/service.ts';
import { covers } from './access.ts';
import { existing, provider, registryPath, registryRoute } from './arm-routes.ts';
import type { Backend } from './backend.ts';
import {
  importBlobsFailed,
  importConflict,
  importSourceMissing,
  importSourceRefused,
  importSourceUnknown,
} from './errors.ts';
import { callerOf, type LoginParts, tokenUser } from './logins.ts';
import { publicRegistries } from './public-registries.ts';
import { publicHost, type Registry, registryAt, registryOf, registryType } from './registries.ts';
import { allows, type Caller, granted } from './rights.ts';

export const importImage = 'acr/import-image';

export interface ImportParts extends LoginParts {
  readonly emulator: Emulator;
  readonly backend: Backend;
}

/** What an import copies; kept with its operation. Credentials are not: they have been looked at by then. */
interface Import extends JsonObject {
  /** Host names of registries in the cloud. */
  readonly from: string;
  readonly to: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
  readonly tags: readonly string[];
  /** Repositories that get the image without a tag. */
  readonly untagged: readonly string[];
  readonly force: boolean;
}

/** `POST …/importImage`: the copy is a long-running operation. */
export function importRoute(parts: ImportParts): ArmRoute {
  const { emulator } = parts;
  return registryRoute('POST', `${registryPath}/importImage`, 'registries/importImage/action', (request): ArmAnswer => {
    const target = existing(emulator, request);
    const operation = emulator.operations.begin({
      kind: importImage,
      subscriptionId: request.parameters['subscriptionId'] ?? '',
      location: target.location ?? '',
      provider,
      resourceId: target.id,
      input: readImport(parts, request, target.id, publicHost(target.name)),
      followedBy: 'location',
    });
    return { status: 202, operation };
  });
}

function readImport(parts: ImportParts, request: ArmRequest, targetId: string, to: string): Import {
  const { source, targetTags, untaggedTargetRepositories, mode = 'NoForce', ...rest } = request.body ?? {};
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw invalidRequestContent(`Could not find member '${unknown}' on object of type 'ImportImageParameters'.`);
  }
  if (mode !== 'NoForce' && mode !== 'Force') throw invalidParameter('mode', "It is 'NoForce' or 'Force'.");
  const given = (typeof source === 'object' && !Array.isArray(source) ? source : undefined) as JsonObject | undefined;
  const image = given?.['sourceImage'];
  if (given === undefined || typeof image !== 'string' || image === '') {
    throw invalidRequestContent("Required property 'sourceImage' not found in JSON.");
  }
  const from = sourceHost(parts, request.callerId, given, targetId);
  const { repository, tag, digest } = imageOf('source.sourceImage', from, image);
  const tags = texts('targetTags', targetTags).map((text) => {
    const named = imageOf('targetTags', to, text);
    return `${named.repository}:${named.tag ?? 'latest'}`;
  });
  const untagged = texts('untaggedTargetRepositories', untaggedTargetRepositories);
  if (tags.length + untagged.length === 0) {
    throw invalidParameter('targetTags', 'The import has no target: neither a tag nor a repository.');
  }
  return { from, to, repository, reference: digest ?? tag ?? 'latest', tags, untagged, force: mode === 'Force' };
}

/** The host name of the source, which the caller may read. @throws ArmError */
function sourceHost(parts: ImportParts, callerId: string, source: JsonObject, targetId: string): string {
  const { resourceId, registryUri, credentials, sourceImage, ...rest } = source;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw invalidRequestContent(`Could not find member '${unknown}' on object of type 'ImportSource'.`);
  }
  if (typeof resourceId === 'string' && resourceId !== '') return ownSource(parts, callerId, resourceId);
  if (typeof registryUri !== 'string' || registryUri === '') {
    throw invalidRequestContent("One of the properties 'resourceId' and 'registryUri' is needed.");
  }
  const host = registryUri.toLowerCase();
  const login = credentials as { readonly username?: string; readonly password?: string } | null | undefined;
  const open = publicRegistries.find(({ names }) => names.includes(host));
  const registry = open === undefined ? registryAt(parts.emulator.store, host) : undefined;
  if (open === undefined && registry === undefined) throw importSourceUnknown(targetId, host);
  const wanted = { type: 'repository', name: String(sourceImage).split(/[:@]/)[0] as string, actions: ['pull'] };
  const caller: Caller | undefined = login
    ? registry && callerOf(parts, registry, registry.loginServer, login.username ?? tokenUser, login.password ?? '')
    : { kind: 'anonymous' };
  // Nobody has an account at a public registry; without one anybody may read it.
  const may =
    caller !== undefined &&
    (registry === undefined || covers([granted(parts.authorization, registry, caller, wanted)], wanted));
  if (!may) throw importSourceRefused(targetId, wanted.name);
  return open?.host ?? publicHost((registry as Registry).name);
}

/** By resource id: with the caller's own rights. */
function ownSource({ emulator, authorization }: ImportParts, callerId: string, resourceId: string): string {
  const { store, principals } = emulator;
  const resource = store.get(resourceId);
  if (resource?.type !== registryType) {
    const parts = resourceId.split('/');
    throw resourceNotFound(`${registryType}/${parts.at(-1)}`, parts[4] ?? '');
  }
  if (allows(authorization, registryOf(resource), callerId, 'pull')) return publicHost(resource.name);
  const appId = principals.find(callerId)?.appId ?? callerId;
  throw authorizationFailed(appId, callerId, `${registryType}/pull/read`, resource.id);
}

/** @throws ArmError */
function imageOf(target: string, host: string, text: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(`${host}/${text}`);
  } catch (error) {
    if (error instanceof OciError) throw invalidParameter(target, error.message);
    throw error;
  }
}

function texts(target: string, value: JsonObject[string]): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[];
  throw invalidParameter(target, 'It is a list of texts.');
}

/**
 * Copies the image, with all its platforms, from one registry on this machine to another.
 *
 * @throws ArmError
 */
export async function carryOutImport(
  { emulator, backend }: ImportParts,
  operation: StoredOperation,
  signal: AbortSignal,
): Promise<void> {
  const { from, to, repository, reference, tags, untagged, force } = operation.input as Import;
  const begun = emulator.store.table<true>('acr/imports-begun');
  const client = new RegistryClient();
  const id = operation.resourceId;
  try {
    const [registry, target] = await Promise.all([backend.address(from), backend.address(to)]);
    const at = { registry, repository, ...(reference.includes(':') ? { digest: reference } : { tag: reference }) };
    const digest = await client.manifestDigest(at, { signal });
    if (digest === undefined) throw importSourceMissing(id, from, repository, reference);
    // Tags that an import itself has written, before it was cut off, are no conflict.
    if (!force && begun.get(operation.id) === undefined) {
      for (const tag of tags) {
        if ((await client.manifestDigest(parseReference(`${target}/${tag}`), { signal })) !== undefined) {
          throw importConflict(id, tag);
        }
      }
    }
    begun.put(operation.id, true);
    const targets = [
      ...tags.map((tag) => parseReference(`${target}/${tag}`)),
      ...untagged.map((name) => ({ registry: target, repository: name, digest })),
    ];
    for (const each of targets) {
      await copyImage({ client, reference: at }, { client, reference: each }, { signal });
    }
    begun.delete(operation.id);
  } catch (error) {
    signal.throwIfAborted();
    begun.delete(operation.id);
    if (error instanceof ArmError) throw error;
    if (error instanceof OciError && error.code === 'NotFound')
      throw importSourceMissing(id, from, repository, reference);
    throw importBlobsFailed(id, (error as Error).message);
  }
}
