import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@kaito/oci';

/** Writes an OCI image layout of one layer. Returns the bytes of its manifest. */
export async function writeLayout(
  folder: string,
  { layer, annotations }: { readonly layer: string; readonly annotations?: Readonly<Record<string, string>> },
): Promise<Buffer> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  const add = async (mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes);
    await writeFile(join(folder, 'blobs', digest.replace(':', '/')), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: await add('application/vnd.oci.image.config.v1+json', Buffer.from('{}')),
      layers: [await add('application/vnd.oci.image.layer.v1.tar', Buffer.from(layer))],
      ...(annotations && { annotations }),
    }),
  );
  const index = { schemaVersion: 2, manifests: [await add(mediaType, manifest)] };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  return manifest;
}
