import { existsSync, globSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { checkout, version } from '../checkout.ts';
import type { Program } from '../names.ts';
import { licenceFiles, packageOf } from './packages.ts';

/** Where programs lie in an image. */
const home = 'opt/kaito';

/** Lays a program out in `root` as bundled JavaScript that Node runs, with its command on PATH. Returns the files of this checkout that went in. */
export async function addProgram(root: string, { package: folder, command }: Program): Promise<readonly string[]> {
  const source = join(checkout, 'packages', folder);
  const bundle = await rolldown({
    input: { [command]: join(source, 'src/main.ts') },
    cwd: checkout,
    platform: 'node',
    external: ['node-llama-cpp'],
    logLevel: 'silent',
  });
  try {
    const { output } = await bundle.write({
      dir: join(root, home, folder, 'bin'),
      format: 'esm',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name]-[hash].mjs',
    });
    const main = join(root, home, folder, 'bin', `${command}.mjs`);
    const code = (await readFile(main, 'utf8')).replace(/^#!.*\n/, '');
    await writeFile(main, `#!/usr/local/bin/node\n${code}`);
    await chmod(main, 0o755);
    await writeFile(
      join(root, home, folder, 'package.json'),
      `${JSON.stringify({ name: `@kaito/${folder}`, version, type: 'module' })}\n`,
    );
    await mkdir(join(root, 'usr/local/bin'), { recursive: true });
    await rm(join(root, 'usr/local/bin', command), { force: true });
    await symlink(join('/', home, folder, 'bin', `${command}.mjs`), join(root, 'usr/local/bin', command));
    const files = output
      .flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
      .filter((id) => existsSync(id));
    await addLicences(join(root, home, folder, 'licences'), files);
    return files;
  } finally {
    await bundle.close();
  }
}

/** Puts the licences of the packages that files are of into a folder, since the bundle holds their code and not these. */
async function addLicences(folder: string, files: readonly string[]): Promise<void> {
  for (const source of new Set(files.map(packageOf))) {
    const name = source.split('/node_modules/')[1];
    if (name === undefined) continue;
    for (const file of globSync(licenceFiles, { cwd: source })) {
      await mkdir(join(folder, name), { recursive: true });
      await copyFile(join(source, file), join(folder, name, file));
    }
  }
}
