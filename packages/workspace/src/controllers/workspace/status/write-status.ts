import type { Workspace, WorkspaceStatus } from '@kaito/api';
import { type ObjectRef, isConflict, isNotFound, mergePatch } from '@kaito/kube';
import type { Live } from '../../../cache/caches.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';

/**
 * Writes what differs, in one PATCH of the status that holds only for the Workspace as it was read; nothing where nothing differs. When
 * somebody else has written in between, it is read once more, and what is ours is written over what is there now. The answer is in the
 * cache at once. Resolves with the Workspace as it is now; undefined when it is gone.
 *
 * @throws ApiError, ConnectionError
 */
export async function writeStatus(
  deps: Pick<Dependencies, 'client' | 'caches'>,
  workspace: Live<Workspace>,
  status: WorkspaceStatus,
): Promise<Live<Workspace> | undefined> {
  try {
    return await patchStatus(deps, workspace, status);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (!isConflict(error)) throw error;
  }
  try {
    const latest = await deps.client.get(deps.caches.workspaces.resource, refTo(workspace));
    if (latest.metadata.uid !== workspace.metadata.uid) return undefined;
    return await patchStatus(deps, latest, onto(workspace.status, status, latest.status));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function patchStatus(
  { client, caches }: Pick<Dependencies, 'client' | 'caches'>,
  workspace: Live<Workspace>,
  status: WorkspaceStatus,
): Promise<Live<Workspace>> {
  const change = mergePatch(workspace.status ?? {}, status);
  if (change === undefined) return workspace;
  const { uid, resourceVersion } = workspace.metadata;
  const written = await client.patch(
    caches.workspaces.resource,
    refTo(workspace),
    { type: 'merge', body: { metadata: { uid, resourceVersion }, status: change } },
    { subresource: 'status', fieldManager },
  );
  caches.workspaces.remember(written);
  return written;
}

/** Our change from `before` to `status`, made to `latest`: fields that we left alone, and conditions that we never had, are the latest's. */
function onto(
  before: WorkspaceStatus = {},
  status: WorkspaceStatus,
  latest: WorkspaceStatus | undefined,
): WorkspaceStatus {
  if (latest === undefined) return status;
  const merged: Record<string, unknown> = { ...latest };
  for (const field of new Set([...Object.keys(before), ...Object.keys(status)])) {
    if (mergePatch({ value: before[field] }, { value: status[field] }) === undefined) continue;
    if (status[field] === undefined) delete merged[field];
    else merged[field] = status[field];
  }
  const known = new Set([...(before.conditions ?? []), ...(status.conditions ?? [])].map(({ type }) => type));
  const theirs = (latest.conditions ?? []).filter(({ type }) => !known.has(type));
  return { ...merged, conditions: [...(status.conditions ?? []), ...theirs] };
}

function refTo({ metadata }: Live<Workspace>): ObjectRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
