import { constants as fsConstants, copyFile, link, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { writeError } from '@kaito/oci';

/** Puts a file at a second place: a hard link where the file system allows, else a copy; an existing file there is replaced in one step. */
export async function placeOutput(file: string, output: string): Promise<string> {
  const target = resolve(output);
  if (target === resolve(file)) return target;
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.new`);
  try {
    await mkdir(dirname(target), { recursive: true });
    await rm(temporary, { force: true });
    await link(file, temporary).catch(() => copyFile(file, temporary, fsConstants.COPYFILE_FICLONE));
    await rename(temporary, target);
    // Renaming one hard link over another of the same file does nothing and leaves both names.
    await rm(temporary, { force: true });
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeError(error, target);
  }
  return target;
}
