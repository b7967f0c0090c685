import type { Authorization } from '../authorization/authorization.ts';
import { type Access, catalogAccess, repositoryActions, type RepositoryAction } from './access.ts';
import type { Registry } from './registries.ts';

/** Who asks a registry. */
export type Caller =
  | { readonly kind: 'principal'; readonly id: string }
  | { readonly kind: 'admin' }
  /** One of the registry's own users. */
  | { readonly kind: 'token'; readonly name: string; readonly permits: (repository: string, action: string) => boolean }
  | { readonly kind: 'anonymous' };

const provider = 'Microsoft.ContainerRegistry/registries';

/** The right for each action, on registries whose roles hold for all their repositories. */
const actions: Readonly<Record<RepositoryAction | 'catalog', string>> = {
  pull: `${provider}/pull/read`,
  push: `${provider}/push/write`,
  delete: `${provider}/artifacts/delete`,
  metadata_read: `${provider}/pull/read`,
  metadata_write: `${provider}/push/write`,
  catalog: `${provider}/pull/read`,
};

/** The data action for each, on registries whose rights are given per repository. */
const dataActions: Readonly<Record<RepositoryAction | 'catalog', string>> = {
  pull: `${provider}/repositories/content/read`,
  push: `${provider}/repositories/content/write`,
  delete: `${provider}/repositories/content/delete`,
  metadata_read: `${provider}/repositories/metadata/read`,
  metadata_write: `${provider}/repositories/metadata/write`,
  catalog: `${provider}/catalog/read`,
};

const anonymous: readonly string[] = ['pull', 'metadata_read'];

/** What of `wanted` the caller has; `*` on a repository asks for everything. */
export function granted(authorization: Authorization, registry: Registry, caller: Caller, wanted: Access): Access {
  const catalog = wanted.type === catalogAccess.type && wanted.name === catalogAccess.name;
  const asked: readonly string[] = catalog
    ? wanted.actions.filter((action) => action === '*')
    : wanted.type === 'repository'
      ? wanted.actions.includes('*')
        ? repositoryActions
        : repositoryActions.filter((action) => wanted.actions.includes(action))
      : [];
  const has = (action: string): boolean => {
    if (caller.kind === 'admin') return true;
    if (caller.kind === 'token') return !catalog && caller.permits(wanted.name, action);
    if (caller.kind === 'anonymous') return registry.anonymousPullEnabled && anonymous.includes(action);
    return allows(authorization, registry, caller.id, catalog ? 'catalog' : (action as RepositoryAction));
  };
  return { ...wanted, actions: asked.filter(has) };
}

/** Whether a principal has any right at all inside a registry: without one it gets no token. */
export function hasAnyRight(authorization: Authorization, registry: Registry, principalId: string): boolean {
  return ([...repositoryActions, 'catalog'] as const).some((action) =>
    allows(authorization, registry, principalId, action),
  );
}

/** Whether a principal may do something with the repositories of a registry. */
export function allows(
  authorization: Authorization,
  registry: Registry,
  principalId: string,
  action: RepositoryAction | 'catalog',
): boolean {
  return registry.perRepository
    ? authorization.allows(principalId, registry.id, dataActions[action], { data: true })
    : authorization.allows(principalId, registry.id, actions[action]);
}
