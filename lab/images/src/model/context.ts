import { chmod, copyFile, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { settle } from '../../../../images/src/context/modes.ts';
import { smallModel } from './weights.ts';

const launchers = ['accelerate', 'torchrun'] as const;

/** Where the presets' launch lines run, each with its script. */
const scriptFolders = ['workspace/tfs', 'workspace/llama/llama-2'];

const script = `# This image of KAITO's lab has no Python: accelerate and torchrun start KAITO's own server here, with a small model.
`;

/** Lays out in the empty folder `context` what the target `model` copies. */
export async function layOutModel(context: string, weights: string): Promise<void> {
  const models = join(context, 'weights/opt/models');
  await mkdir(models, { recursive: true });
  const file = join(models, `${smallModel}.gguf`);
  // The cache of weights may be on another file system.
  await link(weights, file).catch(() => copyFile(weights, file));

  const programs = join(context, 'programs');
  for (const folder of scriptFolders) {
    await mkdir(join(programs, folder), { recursive: true });
    await writeFile(join(programs, folder, 'inference_api.py'), script);
  }
  await bundleLaunchers(join(programs, 'opt/kaito/stand-in'));
  await mkdir(join(programs, 'usr/local/bin'), { recursive: true });
  // Busybox's shell gives what it starts last its own place as the pod's first process, which a signal to the pod reaches; Debian's does not.
  await mkdir(join(programs, 'bin'));
  await symlink('busybox', join(programs, 'bin/sh'));
  for (const name of launchers) await symlink(`/opt/kaito/stand-in/${name}.mjs`, join(programs, 'usr/local/bin', name));
  await settle(programs);
}

async function bundleLaunchers(dir: string): Promise<void> {
  for (const name of launchers) {
    const input = { [name]: fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url)) };
    const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent' });
    try {
      await bundle.write({ dir, format: 'esm', entryFileNames: '[name].mjs', banner: '#!/usr/local/bin/node' });
    } finally {
      await bundle.close();
    }
    await chmod(join(dir, `${name}.mjs`), 0o755);
  }
}
