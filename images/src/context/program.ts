import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { checkout } from '../checkout.ts';
import type { Program } from '../names.ts';

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
    const { version } = (await import(join(source, 'package.json'), { with: { type: 'json' } })).default as {
      version: string;
    };
    await writeFile(
      join(root, home, folder, 'package.json'),
      `${JSON.stringify({ name: `@kaito/${folder}`, version, type: 'module' })}\n`,
    );
    await mkdir(join(root, 'usr/local/bin'), { recursive: true });
    await symlink(join('/', home, folder, 'bin', `${command}.mjs`), join(root, 'usr/local/bin', command));
    return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  } finally {
    await bundle.close();
  }
}
