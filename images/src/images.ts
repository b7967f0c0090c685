import { join } from 'node:path';
import type { Progress } from '../../lab/kubernetes/src/go-programs.ts';
import { baseImage } from './base/base-image.ts';
import { build } from './build.ts';
import { checkout, version } from './checkout.ts';
import { layOut } from './context/image-context.ts';
import { inputsOf } from './inputs.ts';
import type { BuiltImage } from './layout.ts';
import { type ImageName, images } from './names.ts';
import { readComponents, writeSbom } from './sbom/sbom.ts';
import { stored } from './store.ts';

const containerfile = join(checkout, 'images/Containerfile');

/** One of KAITO's images, cached by all that goes in. Safe to call from several processes at once. @throws LabError as `buildFrom`. */
export async function ensureImage(name: ImageName, progress: Progress): Promise<BuiltImage> {
  const [base, inputs] = await Promise.all([baseImage(progress), inputsOf(images[name])]);
  const key = `${inputs}-${base.digest.replace('sha256:', '').slice(0, 8)}`;
  return await stored(name, key, progress, async (work, entry) => {
    await buildImage(name, base, work, entry, progress);
  });
}

/** Builds an image, and its bill of materials, into `entry`, working in the folder `work`. */
export async function buildImage(
  name: ImageName,
  base: BuiltImage,
  work: string,
  entry: string,
  progress: Progress,
): Promise<BuiltImage> {
  const context = join(work, 'context');
  const parts = await layOut(name, context, progress);
  const values = { VERSION: version };
  const image = await build(
    { containerfile, context, target: name, base, name, arguments: values },
    work,
    entry,
    progress,
  );
  await writeSbom(image, { name: images[name].repository, version }, [...(await readComponents(base)), ...parts]);
  return image;
}
