import type { BuiltImage } from './layout.ts';
import { type ImageName, imageNames, images } from './names.ts';

/** A value of charts/kaito's that names one image: where it stands, and which image it is. */
const places: Readonly<Record<ImageName, readonly [component: string, key: string]>> = {
  operator: ['operator', 'image'],
  provisioner: ['provisioner', 'image'],
  server: ['operator', 'serverImage'],
  'server-cuda': ['operator', 'serverImage'],
};

/**
 * Values for charts/kaito that name these images by tag and digest, as YAML. Of two servers the one for GPUs is named, which runs without GPUs too.
 *
 * @param registry where they were pushed, with a prefix if any
 */
export function helmValues(
  built: readonly (Pick<BuiltImage, 'digest'> & { readonly name: ImageName })[],
  registry: string,
  version: string,
): string {
  const values: Record<string, Record<string, object>> = {};
  for (const { name, digest } of built.toSorted((a, b) => imageNames.indexOf(a.name) - imageNames.indexOf(b.name))) {
    const [component, key] = places[name];
    const { repository } = images[name];
    values[component] = { ...values[component], [key]: { repository, tag: `${tagOf(name, version)}@${digest}` } };
  }
  return `imageRegistry: ${registry}\n${yaml(values, '')}`;
}

/** What an image is tagged with. */
export function tagOf(name: ImageName, version: string): string {
  return `${version}${images[name].tagSuffix ?? ''}`;
}

function yaml(value: object, indent: string): string {
  return Object.entries(value)
    .map(([key, entry]: [string, object | string]) =>
      typeof entry === 'string' ? `${indent}${key}: ${entry}\n` : `${indent}${key}:\n${yaml(entry, `${indent}  `)}`,
    )
    .join('');
}
