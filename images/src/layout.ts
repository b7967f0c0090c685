import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor, Manifest } from '@kaito/oci';

/** An image on this disk. */
export interface BuiltImage {
  readonly name: string;
  /** Folder of an OCI image layout that holds this image alone, under the tag `latest`. */
  readonly layout: string;
  /** Of its manifest, `sha256:…`. */
  readonly digest: string;
  /** What a registry keeps: manifest, configuration and compressed layers. */
  readonly bytes: number;
}

/** The file of a layout's blob. */
export function blobFile(layout: string, digest: string): string {
  return join(layout, 'blobs', digest.replace(':', '/'));
}

/** Reads the image of a layout. */
export async function readLayout(name: string, layout: string): Promise<BuiltImage> {
  const { digest, size } = (await readIndex(layout)).manifests[0];
  const { config, layers } = await readManifest({ layout, digest });
  const bytes = [config!, ...layers].reduce((sum, blob) => sum + blob.size, size);
  return { name, layout, digest, bytes };
}

export async function readManifest({ layout, digest }: Pick<BuiltImage, 'layout' | 'digest'>): Promise<Manifest> {
  return JSON.parse(await readFile(blobFile(layout, digest), 'utf8')) as Manifest;
}

/**
 * Takes off what the builder says of the base: the name is a place on this machine, and nobody else has that base.
 */
export async function forgetBase(layout: string): Promise<void> {
  const index = await readIndex(layout);
  const [entry] = index.manifests;
  const old = blobFile(layout, entry.digest);
  const { annotations: _, ...manifest } = JSON.parse(await readFile(old, 'utf8')) as Record<string, unknown>;
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await rm(old);
  await writeFile(blobFile(layout, digest), bytes);
  const manifests = [{ ...entry, digest, size: bytes.length }];
  await writeFile(join(layout, 'index.json'), JSON.stringify({ ...index, manifests }));
}

async function readIndex(layout: string): Promise<{ readonly manifests: readonly [Descriptor] }> {
  return JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { manifests: [Descriptor] };
}
