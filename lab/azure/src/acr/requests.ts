import { type Access, catalogAccess, repositoryPattern } from './access.ts';

/** A request of the distribution interface, read. */
export interface DistributionRequest {
  /** As the registry behind gets it: what was checked is what is asked. */
  readonly path: string;
  readonly kind: 'base' | 'catalog' | 'manifest' | 'blob' | 'upload' | 'tags' | 'referrers';
  readonly repository: string;
  /** A tag or a digest, or what names an upload. */
  readonly reference: string;
  /** Undefined: any login will do. */
  readonly needs: Access | undefined;
}

const patterns: readonly (readonly [DistributionRequest['kind'], RegExp])[] = [
  ['upload', new RegExp(`^/v2/(${repositoryPattern})/blobs/uploads/([a-zA-Z0-9_.=-]*)$`)],
  ['blob', new RegExp(`^/v2/(${repositoryPattern})/blobs/([a-z0-9]+:[0-9a-f]+)$`)],
  [
    'manifest',
    new RegExp(`^/v2/(${repositoryPattern})/manifests/([a-z0-9]+:[0-9a-f]+|[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})$`),
  ],
  ['tags', new RegExp(`^/v2/(${repositoryPattern})/tags/(list)$`)],
  ['referrers', new RegExp(`^/v2/(${repositoryPattern})/referrers/([a-z0-9]+:[0-9a-f]+)$`)],
];

/** @param path percent-encoded, without its query. Undefined: nothing of the interface. */
export function readDistributionRequest(method: string, path: string): DistributionRequest | undefined {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (/^\/v2\/?$/.test(plain)) {
    return { path: '/v2/', kind: 'base', repository: '', reference: '', needs: undefined };
  }
  if (plain === '/v2/_catalog') {
    return { path: plain, kind: 'catalog', repository: '', reference: '', needs: catalogAccess };
  }
  for (const [kind, pattern] of patterns) {
    const [, repository, reference] = pattern.exec(plain) ?? [];
    if (repository === undefined || reference === undefined) continue;
    const action = actionOf(kind, method);
    const needs = { type: 'repository', name: repository, actions: [action] };
    return { path: plain, kind, repository, reference, needs };
  }
  return undefined;
}

function actionOf(kind: DistributionRequest['kind'], method: string): string {
  if (kind === 'upload') return 'push';
  if (kind === 'tags') return 'metadata_read';
  if (method === 'DELETE') return 'delete';
  return method === 'GET' || method === 'HEAD' ? 'pull' : 'push';
}
