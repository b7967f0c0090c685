import type { Client, WriteOptions } from '../client/client.ts';
import { isConflict, isNotFound } from '../client/errors.ts';
import type { KubeObject, ObjectRef, Resource } from '../object.ts';

const tries = 5;

/**
 * Adds our finalizer and leaves those of others alone. No request where it is there already. A list can only be merged as a whole, so the patch
 * carries the resourceVersion; on a conflict the object is read again.
 * @throws ApiError, NotFound among them; Conflict when the object has been replaced by another of its name.
 */
export async function ensureFinalizer<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  options: WriteOptions = {},
): Promise<T> {
  return await patchFinalizers(client, resource, object, options, (finalizers) =>
    finalizers.includes(finalizer) ? undefined : [...finalizers, finalizer],
  );
}

/**
 * Removes our finalizer and leaves those of others alone. @returns the object as it is now, or undefined where it is gone.
 * @throws ApiError as `ensureFinalizer`, except NotFound.
 */
export async function removeFinalizer<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  options: WriteOptions = {},
): Promise<T | undefined> {
  try {
    return await patchFinalizers(client, resource, object, options, (finalizers) =>
      finalizers.includes(finalizer) ? finalizers.filter((other) => other !== finalizer) : undefined,
    );
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function patchFinalizers<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  options: WriteOptions,
  change: (finalizers: readonly string[]) => readonly string[] | undefined,
): Promise<T> {
  const { namespace, name, uid } = object.metadata;
  if (name === undefined) throw new TypeError(`${object.kind} has no name, so its finalizers cannot be changed`);
  const ref: ObjectRef = namespace === undefined ? { name } : { namespace, name };
  let current = object;
  for (let attempt = 1; ; attempt += 1) {
    const finalizers = change(current.metadata.finalizers ?? []);
    if (finalizers === undefined) return current;
    const body = { metadata: { resourceVersion: current.metadata.resourceVersion, finalizers } };
    try {
      return await client.patch(resource, ref, { type: 'merge', body }, options);
    } catch (error) {
      if (!isConflict(error) || attempt === tries) throw error;
      current = await client.get(resource, ref, options.signal === undefined ? {} : { signal: options.signal });
      if (current.metadata.uid !== uid) throw error;
    }
  }
}
