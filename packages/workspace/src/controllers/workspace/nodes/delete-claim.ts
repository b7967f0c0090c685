import type { NodeClaim } from '@kaito/api';
import { isConflict, isNotFound } from '@kaito/kube';
import type { Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';

/**
 * Deletes this very NodeClaim, never another of its name; one that is gone or going is left as it is. The cache knows the outcome at once.
 * @throws ApiError, ConnectionError
 */
export async function deleteClaim(
  { metadata: { name = '', uid = '', deletionTimestamp } }: Live<NodeClaim>,
  { client, caches }: Pick<Dependencies, 'client'> & { readonly caches: Pick<Dependencies['caches'], 'nodeClaims'> },
): Promise<void> {
  if (deletionTimestamp !== undefined) return;
  const { nodeClaims } = caches;
  try {
    const answer = await client.delete(nodeClaims.resource, { name }, { preconditions: { uid } });
    const dying = answer.kind === nodeClaims.resource.kind && (answer.metadata.finalizers ?? []).length > 0;
    if (dying) nodeClaims.remember(answer as Live<NodeClaim>);
    else nodeClaims.forget({ name }, uid);
  } catch (error) {
    if (!isNotFound(error) && !(isConflict(error) && (await isAnother()))) throw error;
    nodeClaims.forget({ name }, uid);
  }

  /** Its name is another's by now; a conflict may have other reasons. */
  async function isAnother(): Promise<boolean> {
    try {
      return (await client.get(nodeClaims.resource, { name })).metadata.uid !== uid;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }
}
