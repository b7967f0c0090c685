import type { KubeObject, Resource } from '../object.ts';

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const configMaps: Resource<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

/** A ConfigMap for tests. */
export function configMap(
  name: string,
  overrides: Partial<ConfigMap['metadata']> & { readonly data?: Record<string, string> } = {},
): ConfigMap {
  const { data, ...metadata } = overrides;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...metadata },
    ...(data === undefined ? {} : { data }),
  };
}
