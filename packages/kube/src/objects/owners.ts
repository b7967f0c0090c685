import type { KubeObject, OwnerReference } from '../object.ts';

/** The owner that controls an object, of which there is at most one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/**
 * A reference that makes `owner` the controller of what carries it; `blockOwnerDeletion` (default true) lets a foreground deletion of the
 * owner wait for it.
 * @throws TypeError for an owner that the API server has not stored yet.
 */
export function controllerReference(
  owner: KubeObject,
  options: { readonly blockOwnerDeletion?: boolean } = {},
): OwnerReference {
  const { name, uid } = owner.metadata;
  if (name === undefined || uid === undefined)
    throw new TypeError(`${owner.kind} has no name or uid, so it can own nothing`);
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: options.blockOwnerDeletion ?? true,
  };
}
