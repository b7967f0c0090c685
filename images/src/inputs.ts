import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout } from './checkout.ts';
import type { ImageContents } from './names.ts';

/** Digests the files of this checkout that make an image: the sources of its programs and of what they import, the lock of dependencies, and how it is built. */
export async function inputsOf({ programs }: ImageContents): Promise<string> {
  const hash = createHash('sha256').update(process.arch);
  const folders = await closure(programs.map((program) => program.package));
  const files = ['package-lock.json', ...(await filesOf('images'))];
  for (const folder of folders)
    files.push(`packages/${folder}/package.json`, ...(await filesOf(`packages/${folder}/src`)));
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(checkout, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Packages of this repository, with all of its packages that they depend on. */
async function closure(packages: readonly string[]): Promise<readonly string[]> {
  const found = new Set(packages);
  for (const folder of found) {
    const manifest = JSON.parse(await readFile(join(checkout, 'packages', folder, 'package.json'), 'utf8')) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      if (name.startsWith('@kaito/')) found.add(name.slice('@kaito/'.length));
    }
  }
  return [...found].toSorted();
}

/** Files below a folder of the checkout, without tests. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(checkout, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(checkout.length))
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    .toSorted();
}
