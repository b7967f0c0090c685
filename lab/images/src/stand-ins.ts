import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Progress, cacheRoot } from '@kaito/lab-kubernetes';
import { type BuiltImage, baseImage, buildFrom, ensureImage } from '../../../images/src/index.ts';
import { withEnvironment } from './build/with-environment.ts';
import { layOutCurl } from './curl/context.ts';
import { settingNames } from './launch/settings.ts';
import { layOutModel } from './model/context.ts';
import { smallWeights } from './model/weights.ts';
import { curlReference, modelReferences } from './references.ts';

/** An image of the lab, under the name of the public one that it stands in for. */
export interface StandIn {
  /** `host/repository:tag` */
  readonly reference: string;
  readonly image: BuiltImage;
}

const containerfile = fileURLToPath(new URL('../Containerfile', import.meta.url));

/**
 * All stand-ins: every preset's image, and curl's. The presets' share all their layers; a variable tells those of llama-2 which of its APIs is theirs.
 * Built on first use. Safe to call from several processes at once.
 *
 * @throws LabError where an image cannot be built, WeightsError where the small model cannot be had.
 */
export async function ensureStandIns(progress: Progress): Promise<readonly StandIn[]> {
  const curl = await build('curl', await baseImage(progress), (context) => layOutCurl(context, progress), progress);
  const weights = await smallWeights(progress);
  const server = await ensureImage('server', progress);
  const model = await build('model', server, (context) => layOutModel(context, weights), progress);
  const llama = (api: string) => withEnvironment(model, `stand-in-${api}`, { [settingNames.llamaApi]: api }, progress);
  const images = {
    'text-generation': model,
    'llama-completion': await llama('llama-completion'),
    'llama-chat': await llama('llama-chat'),
  };
  const models = modelReferences().map(({ reference, api }) => ({ reference, image: images[api] }));
  return [...models, { reference: curlReference, image: curl }];
}

async function build(
  target: 'model' | 'curl',
  base: BuiltImage,
  layOut: (context: string) => Promise<void>,
  progress: Progress,
): Promise<BuiltImage> {
  const parent = join(cacheRoot(), 'lab', 'stand-ins');
  await mkdir(parent, { recursive: true });
  await removeLeft(parent);
  const context = await mkdtemp(join(parent, `${process.pid}-`));
  try {
    await layOut(context);
    return await buildFrom({ containerfile, context, target, base, name: `stand-in-${target}` }, progress);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Removes the contexts of processes that have ended in the middle of a build. */
async function removeLeft(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!existsSync(`/proc/${Number.parseInt(name)}`)) await rm(join(parent, name), { recursive: true, force: true });
  }
}
