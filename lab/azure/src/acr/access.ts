/** What may be done with a repository, or with the catalog of a registry; as tokens and their scopes name it. */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** Every action on a repository. */
export const repositoryActions = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write'] as const;
export type RepositoryAction = (typeof repositoryActions)[number];

/** To see which repositories there are. */
export const catalogAccess: Access = { type: 'registry', name: 'catalog', actions: ['*'] };

// The grammar of github.com/distribution/reference.
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
/** The name of a repository, as a part of a regular expression. */
export const repositoryPattern = `${component}(?:/${component})*`;
const repositoryName = new RegExp(`^${repositoryPattern}$`);
export const isRepositoryName = (name: string): boolean => repositoryName.test(name);

/** Reads `repository:NAME:pull,push registry:catalog:*`. Undefined where it is none. */
export function parseScopes(scopes: readonly string[]): Access[] | undefined {
  const found: Access[] = [];
  for (const scope of scopes.flatMap((text) => text.split(' ')).filter((text) => text !== '')) {
    const [type = '', name = '', actions = '', ...more] = scope.split(':');
    if (more.length > 0 || name === '' || actions === '') return undefined;
    if (type === 'repository' ? !isRepositoryName(name) : type !== 'registry') return undefined;
    found.push({ type, name, actions: actions.split(',') });
  }
  return found;
}

/** Whether what was granted has all that is wanted. */
export function covers(granted: readonly Access[], wanted: Access): boolean {
  const held = granted.filter(({ type, name }) => type === wanted.type && name === wanted.name);
  const actions = new Set(held.flatMap((access) => access.actions));
  return wanted.actions.every((action) => actions.has(action));
}
