import { type Workspace, workspaceLabel, workspaceNamespaceLabel } from '@kaito/api';
import { keyOf } from '@kaito/kube';
import type { Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';
import { deleteClaim } from './delete-claim.ts';
import { isOwn, ownClaims } from './machines.ts';
import type { ReleaseOutcome } from './outcome.ts';

/**
 * Deletes the NodeClaims of a Workspace that is being deleted: exactly those with its UID, taken over ones among them. May be repeated at
 * will. `done` once none is left, also in a last look at the API server itself, so that a claim made just before by another process is not
 * left behind.
 *
 * @throws ApiError, ConnectionError: the key is to be tried again.
 */
export async function releaseNodes(
  workspace: Live<Workspace>,
  { client, caches, ledger }: Pick<Dependencies, 'client' | 'caches' | 'ledger'>,
): Promise<ReleaseOutcome> {
  const key = keyOf(workspace);
  ledger.forget(key, workspace.metadata.uid);
  const { resource } = caches.nodeClaims;
  let claims = ownClaims(workspace, caches);
  const mayHave =
    caches.nodeClaims.available &&
    (Boolean(workspace.resource?.instanceType) || (workspace.status?.nodeClaims ?? []).length > 0);
  if (claims.length === 0 && mayHave) {
    const { name, namespace } = workspace.metadata;
    const labelSelector = `${workspaceLabel}=${name ?? ''},${workspaceNamespaceLabel}=${namespace ?? ''}`;
    const list = await client.list(resource, { labelSelector });
    claims = list.items.filter((claim) => isOwn(claim, workspace));
    for (const claim of claims) caches.nodeClaims.remember(claim);
  }
  const results = await Promise.allSettled(claims.map((claim) => deleteClaim(claim, { client, caches })));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const left = ownClaims(workspace, caches);
  return {
    done: left.length === 0,
    waitsFor: left.map(({ metadata }) => `NodeClaim ${metadata.name ?? ''}`).toSorted(),
  };
}
