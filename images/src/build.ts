import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../../lab/kubernetes/src/error.ts';
import type { Progress } from '../../lab/kubernetes/src/go-programs.ts';
import { ensureBuildah } from './buildah/programs.ts';
import { openBuildah, places } from './buildah/session.ts';
import { type BuiltImage, forgetBase, readLayout } from './layout.ts';
import { stored } from './store.ts';

/** What is built. The same gives the same digest on every machine. */
export interface BuildOptions {
  /** A file of instructions; the argument BASE, where it declares it, is `base`. */
  readonly containerfile: string;
  /** Folder that COPY reads from. */
  readonly context: string;
  /** Stage to build; default: the last one. */
  readonly target?: string;
  readonly base?: BuiltImage;
  readonly name: string;
  /** Values of further arguments of the file. */
  readonly arguments?: Readonly<Record<string, string>>;
}

/**
 * Builds an image on one of ours, or on nothing. Cached by the content of all that goes in. RUN has no network. Safe to call from several processes at once.
 *
 * @throws LabError where the builder cannot be had, or says no.
 */
export async function buildFrom(options: BuildOptions, progress: Progress): Promise<BuiltImage> {
  const key = await keyOf(options);
  return await stored(options.name, key, progress, async (work, entry) => {
    await build(options, work, entry, progress);
  });
}

/** Builds into the folder `layout` of `entry`, working in the folder `work`. @throws LabError as `buildFrom`. */
export async function build(
  options: BuildOptions,
  work: string,
  entry: string,
  progress: Progress,
): Promise<BuiltImage> {
  const { containerfile, context, target, base, name } = options;
  if (process.getuid?.() !== 0) {
    throw new LabError(
      `image ${name} can only be built as root`,
      'run it as root, in a container or a virtual machine if need be',
    );
  }
  const programs = await ensureBuildah(progress);
  progress(`building image ${name}`);
  const started = performance.now();
  const buildah = await openBuildah(programs, work, [
    { folder: context, name: 'context' },
    { folder: dirname(containerfile), name: 'instructions' },
    { folder: entry, name: 'result' },
    ...(base === undefined ? [] : [{ folder: base.layout, name: 'base' }]),
  ]);
  const values = { ...options.arguments, ...(base !== undefined && { BASE: `oci:${places}/base:latest` }) };
  try {
    await buildah(
      'build',
      '--layers=false',
      '--timestamp=0',
      '--identity-label=false',
      '--quiet',
      '--tag=image',
      ...(target === undefined ? [] : [`--target=${target}`]),
      ...Object.entries(values).map(([argument, value]) => `--build-arg=${argument}=${value}`),
      `--file=${places}/instructions/${basename(containerfile)}`,
      `${places}/context`,
    );
    await buildah('push', '--quiet', 'image', `oci:${places}/result/layout:latest`);
  } catch (error) {
    throw new LabError(
      `image ${name} could not be built: ${error instanceof Error ? error.message : String(error)}`,
      `see what the builder says of ${containerfile}`,
      { cause: error },
    );
  }
  const layout = join(entry, 'layout');
  await forgetBase(layout);
  progress(`built image ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return await readLayout(name, layout);
}

async function keyOf({ containerfile, context, target, base, ...rest }: BuildOptions): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([process.arch, target, base?.digest, rest.arguments ?? {}]));
  hash.update(await readFile(containerfile));
  for (const path of (await readdir(context, { recursive: true })).toSorted()) {
    const file = join(context, path);
    const state = await lstat(file);
    hash.update(`\0${path}\0${state.mode}\0`);
    if (state.isSymbolicLink()) hash.update(await readlink(file));
    else if (state.isFile()) for await (const part of createReadStream(file)) hash.update(part as Buffer);
  }
  return hash.digest('hex').slice(0, 16);
}
