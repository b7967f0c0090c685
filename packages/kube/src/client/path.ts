import type { ObjectRef, Resource } from '../object.ts';

/** The path of a resource's collection, or of one object where `name` is given; all namespaces where none is named. */
export function resourcePath(
  resource: Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced' | 'kind'>,
  at: { readonly namespace?: string | undefined; readonly name?: string | undefined } = {},
  subresource?: string,
): string {
  const group = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  let path = group;
  if (resource.namespaced) {
    if (at.namespace !== undefined && at.namespace !== '') path += `/namespaces/${segment(at.namespace)}`;
    else if (at.name !== undefined)
      throw new TypeError(`${resource.kind} ${at.name} needs a namespace, as ${resource.plural} are namespaced`);
  }
  path += `/${resource.plural}`;
  if (at.name !== undefined) path += `/${segment(at.name)}`;
  if (subresource !== undefined) path += `/${subresource}`;
  return path;
}

/** The path of one object. @throws TypeError where the name is empty or a namespace is missing. */
export function objectPath(resource: Resource, ref: ObjectRef, subresource?: string): string {
  return resourcePath(resource, ref, subresource);
}

/** `?a=1&b=x`, leaving out what is undefined; empty where nothing is left. */
export function queryText(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  let text = '';
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`;
  return text;
}

/** An empty or dotted name would address another path: the collection, or its parent. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..') throw new TypeError(`"${name}" cannot name an object`);
  return encodeURIComponent(name);
}
