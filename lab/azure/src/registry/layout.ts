import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Descriptor, RegistryClient, fileSource, parseReference } from '@kaito/oci';
import { hasTag } from './seed.ts';

/** An image that a public registry has. */
export interface LayoutImage {
  /** `mcr.microsoft.com/aks/kaito/kaito-mistral-7b-instruct:0.0.2` */
  readonly reference: string;
  /** Folder of an OCI image layout that holds it alone. */
  readonly layout: string;
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/**
 * Puts those images of the registry `host` that it does not have yet into the registry on this machine that stands for it (`127.0.0.1:PORT`);
 * what one repository has is not sent again for another.
 */
export async function pushLayouts(address: string, host: string, images: readonly LayoutImage[]): Promise<void> {
  const client = new RegistryClient();
  const holder = new Map<string, string>();
  for (const { reference, layout } of images) {
    if (!reference.startsWith(`${host}/`)) continue;
    const target = parseReference(`${address}${reference.slice(host.length)}`);
    const { repository, tag = '' } = target;
    const blob = (digest: string): string => join(layout, 'blobs', ...digest.split(':'));
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
      readonly manifests: readonly [Descriptor, ...Descriptor[]];
    };
    const [{ digest, mediaType }] = index.manifests;
    const bytes = readFileSync(blob(digest));
    const { config, layers } = JSON.parse(bytes.toString()) as Manifest;
    const known = await hasTag(address, repository, tag);
    for (const part of [config, ...layers]) {
      if (!known)
        await client.pushBlob(target, part, fileSource(blob(part.digest)), { mountFrom: holder.get(part.digest) });
      holder.set(part.digest, repository);
    }
    if (!known) await client.pushManifest(target, { bytes, mediaType });
  }
}
