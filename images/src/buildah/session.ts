import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianPackages } from '../../../lab/kubernetes/src/debian-packages/debian-packages.ts';
import { run } from '../../../lab/kubernetes/src/run.ts';

/** A folder that a build sees under a name of its own, so that no path of this machine gets into an image. */
export interface Place {
  readonly folder: string;
  readonly name: string;
}

/** Where the places lie. */
export const places = '/run/image-build';

/**
 * What buildah says where the kernel would not seal the copy of itself that it starts: pages just written may be held for a moment (EBUSY of
 * F_SEAL_WRITE, fcntl(2)). Nothing is wrong then, and the command may be run anew.
 */
const momentarily = 'sealing memfd copy: Device or resource busy';
/** How often a command is run at most, where that is all that was wrong. */
const mostTries = 5;

/** Runs one command of buildah. Resolves with its standard output, rejects with its standard error. */
export type Buildah = (...args: readonly string[]) => Promise<string>;

/**
 * A buildah whose storage and settings lie in `work`. Each command runs in namespaces of its own: without a network, with mounts that end with it, and
 * with a file system in memory over `/run` and `/var/lib`, which it would write to. It ends with this process. Needs root.
 */
export async function openBuildah(
  { root, environment }: DebianPackages,
  work: string,
  shown: readonly Place[],
): Promise<Buildah> {
  const file = async (name: string, content: string) => {
    await mkdir(join(work, name, '..'), { recursive: true });
    await writeFile(join(work, name), content);
    return join(work, name);
  };
  const storage = await file(
    'storage.conf',
    `[storage]\ndriver = "vfs"\ngraphroot = "${work}/storage"\nrunroot = "${work}/run"\n`,
  );
  await file('home/.config/containers/policy.json', '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  const registries = await file('registries.conf', 'unqualified-search-registries = []\n');
  const containers = await file('containers.conf', '');
  // Buildah starts itself anew without LD_LIBRARY_PATH.
  const libraries = await file(
    'ld.so.conf',
    `include /etc/ld.so.conf\n${environment.LD_LIBRARY_PATH.replaceAll(':', '\n')}\n`,
  );
  const linkerCache = join(work, 'ld.so.cache');
  await run('ldconfig', ['-X', '-C', linkerCache, '-f', libraries], { env: { PATH: environment.PATH } });
  await mkdir(join(work, 'tmp'), { recursive: true });
  const prepare = await file(
    'prepare.sh',
    [
      'set -e',
      'mount -t tmpfs tmpfs /var/lib',
      'mount -t tmpfs tmpfs /run',
      `mount --bind '${linkerCache}' /etc/ld.so.cache`,
      ...shown.flatMap(({ folder, name }) => [
        `mkdir -p '${places}/${name}'`,
        `mount --bind '${folder}' '${places}/${name}'`,
      ]),
      `exec '${join(root, 'usr/bin/buildah')}' "$@"`,
    ].join('\n'),
  );
  const namespaces = [
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--net',
  ];
  const once = (args: readonly string[]) =>
    run('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...namespaces, 'sh', prepare, ...args], {
      cwd: work,
      env: {
        PATH: environment.PATH,
        HOME: join(work, 'home'),
        TMPDIR: join(work, 'tmp'),
        XDG_RUNTIME_DIR: join(work, 'tmp'),
        STORAGE_DRIVER: 'vfs',
        BUILDAH_ISOLATION: 'chroot',
        CONTAINERS_STORAGE_CONF: storage,
        CONTAINERS_REGISTRIES_CONF: registries,
        CONTAINERS_CONF: containers,
      },
    });
  return async (...args) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await once(args);
      } catch (error) {
        if (tries === mostTries || !String(error).includes(momentarily)) throw error;
      }
    }
  };
}
