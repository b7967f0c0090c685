import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../lab/kubernetes/src/go-programs.ts';
import { baseImage } from './base/base-image.ts';
import { build } from './build.ts';
import { checkout } from './checkout.ts';
import { addEngine } from './context/engine.ts';
import { addProgram } from './context/program.ts';
import { addNode } from './context/runtime.ts';
import { inputsOf } from './inputs.ts';
import type { BuiltImage } from './layout.ts';
import { type ImageName, images } from './names.ts';
import { stored } from './store.ts';

const containerfile = join(checkout, 'images/Containerfile');

/** One of KAITO's images, cached by all that goes in. Safe to call from several processes at once. @throws LabError as `buildFrom`. */
export async function ensureImage(name: ImageName, progress: Progress): Promise<BuiltImage> {
  const contents = images[name as 'operator'];
  const [base, inputs] = await Promise.all([baseImage(progress), inputsOf(contents)]);
  const key = `${inputs}-${base.digest.slice('sha256:'.length, 'sha256:'.length + 8)}`;
  return await stored(name, key, progress, async (work, entry) => {
    const context = join(work, 'context');
    await addNode(join(context, 'runtime'));
    for (const program of contents.programs) await addProgram(join(context, name), program);
    if (contents.engine) await addEngine(join(context, name));
    await settle(context);
    await build({ containerfile, context, target: name, base, name }, work, join(entry, 'layout'), progress);
  });
}

/** Modes as git would give them, whatever this process' umask. */
async function settle(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, /\/bin\/(node|kaito-[a-z-]+\.mjs)$/.test(path) ? 0o755 : 0o644);
  }
}
