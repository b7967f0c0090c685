import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program of a Debian package that is unpacked, never installed. */
export interface DebianProgram {
  readonly path: string;
  /** Where its libraries lie. */
  readonly environment: NodeJS.ProcessEnv;
}

interface Package {
  readonly name: string;
  /** Packages of libraries it needs that a small system may lack. */
  readonly libraries: readonly string[];
  readonly program: string;
}

const packages = {
  'docker-registry': { name: 'docker-registry', libraries: [], program: 'usr/bin/docker-registry' },
  skopeo: {
    name: 'skopeo',
    libraries: ['libgpgme11', 'libassuan0', 'libgpg-error0', 'libdevmapper1.02.1'],
    program: 'usr/bin/skopeo',
  },
} as const satisfies Record<string, Package>;

/**
 * A program of Debian's, from the cache or fetched there by apt-get and unpacked (`$XDG_CACHE_HOME/kaito/debian/<name>`). An own build can be named by the variable
 * `KAITO_DOCKER_REGISTRY` or `KAITO_SKOPEO`.
 */
export async function debianProgram(name: keyof typeof packages): Promise<DebianProgram> {
  const own = process.env[`KAITO_${name.toUpperCase().replace('-', '_')}`];
  if (own !== undefined && own !== '') return { path: own, environment: {} };
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kaito', 'debian');
  const root = join(cache, name);
  if (!existsSync(join(root, packages[name].program))) await unpack(packages[name], cache, root);
  const libraries = globSync(join(root, 'usr', 'lib', '*-linux-*'));
  const path = join(root, packages[name].program);
  return { path, environment: libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(':') } };
}

async function unpack(wanted: Package, cache: string, root: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, `.${wanted.name}-`));
  try {
    await fetch([wanted.name, ...wanted.libraries], work, join(cache, 'lists'));
    const tree = join(work, 'tree');
    await mkdir(tree);
    for (const file of (await readdir(work)).filter((entry) => entry.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(work, file), tree]);
    }
    // Another process may have been quicker.
    await rename(tree, root).catch((error: unknown) => {
      if (!existsSync(join(root, wanted.program))) throw error;
    });
  } finally {
    await rm(work, { recursive: true });
  }
}

/** Downloads packages into a directory, by the system's package lists or, where they are missing or stale, by lists of our own. */
async function fetch(names: readonly string[], directory: string, lists: string): Promise<void> {
  const download = (options: readonly string[]) =>
    run('apt-get', [...options, 'download', ...names], { cwd: directory });
  await download([]).catch(async () => {
    await mkdir(join(lists, 'partial'), { recursive: true });
    const options = ['-o', `Dir::State::lists=${lists}`];
    await download(options).catch(async () => {
      await run('apt-get', [...options, 'update']);
      await download(options);
    });
  });
}
