import type { Change } from '../informer/informer.ts';
import { keyOf } from '../object.ts';
import type { KubeObject } from '../object.ts';
import { controllerOf } from '../objects/owners.ts';

/** The key of the changed object itself. */
export function itself<T extends KubeObject>(change: Change<T>): readonly string[] {
  return [keyOf(change.object)];
}

/**
 * Keys of the controlling owner (`ownerReferences` with `controller: true`) of this kind and group; after an update also of the one before.
 * `clusterScoped`: the owner has no namespace, otherwise it is in the object's own.
 */
export function byOwner<T extends KubeObject>(
  owner: { readonly kind: string; readonly group: string },
  options: { readonly clusterScoped?: boolean } = {},
): (change: Change<T>) => readonly string[] {
  return mapped((object) => {
    const reference = controllerOf(object);
    if (reference === undefined || reference.kind !== owner.kind || groupOf(reference.apiVersion) !== owner.group)
      return undefined;
    return keyOf(scoped(reference.name, options.clusterScoped === true ? undefined : object.metadata.namespace));
  });
}

/** Keys made of the values of labels; without a `namespace` label the object's own namespace counts, objects without the labels give none. */
export function byLabels<T extends KubeObject>(labels: {
  readonly name: string;
  readonly namespace?: string;
}): (change: Change<T>) => readonly string[] {
  return mapped(({ metadata }) => {
    const name = metadata.labels?.[labels.name];
    const namespace = labels.namespace === undefined ? metadata.namespace : metadata.labels?.[labels.namespace];
    if (name === undefined || (labels.namespace !== undefined && namespace === undefined)) return undefined;
    return keyOf(scoped(name, namespace));
  });
}

function mapped<T extends KubeObject>(
  keyFor: (object: T) => string | undefined,
): (change: Change<T>) => readonly string[] {
  return (change) => {
    const key = keyFor(change.object);
    const before = change.type === 'updated' ? keyFor(change.previous) : undefined;
    const keys = key === undefined ? [] : [key];
    return before === undefined || before === key ? keys : [...keys, before];
  };
}

function scoped(name: string, namespace: string | undefined) {
  return namespace === undefined ? { name } : { namespace, name };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}
