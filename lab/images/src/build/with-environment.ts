import { link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@kaito/oci';
import { type BuiltImage, blobFile, readManifest } from '../../../../images/src/layout.ts';
import { stored } from '../../../../images/src/store.ts';
import type { Progress } from '@kaito/lab-kubernetes';

/** The image with further environment variables. Its layers are those of `image`, the very files. Cached. */
export async function withEnvironment(
  image: BuiltImage,
  name: string,
  variables: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<BuiltImage> {
  const key = digestOf(Buffer.from(JSON.stringify([image.digest, variables]))).slice('sha256:'.length, 23);
  return await stored(name, key, progress, async (_, entry) => {
    const layout = join(entry, 'layout');
    const manifest = await readManifest(image);
    const config = JSON.parse(await readFile(blobFile(image.layout, manifest.config!.digest), 'utf8')) as {
      readonly config: { readonly Env?: readonly string[] };
    };
    const index = JSON.parse(await readFile(join(image.layout, 'index.json'), 'utf8')) as {
      readonly manifests: readonly [object];
    };
    await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
    await link(join(image.layout, 'oci-layout'), join(layout, 'oci-layout'));
    for (const { digest } of manifest.layers) await link(blobFile(image.layout, digest), blobFile(layout, digest));
    const add = async (value: object) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const digest = digestOf(bytes);
      await writeFile(blobFile(layout, digest), bytes);
      return { digest, size: bytes.length };
    };
    const added = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`);
    const Env = [...(config.config.Env ?? []), ...added];
    const newConfig = await add({ ...config, config: { ...config.config, Env } });
    const newManifest = await add({ ...manifest, config: { ...manifest.config, ...newConfig } });
    const manifests = [{ ...index.manifests[0], ...newManifest }];
    await writeFile(join(layout, 'index.json'), JSON.stringify({ ...index, manifests }));
  });
}
