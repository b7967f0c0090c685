import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../error.ts';
import { type Progress, cacheRoot } from '../go-programs.ts';
import { locked } from '../lock.ts';
import { run } from '../run.ts';

/** Programs of Debian packages that are unpacked, never installed. */
export interface DebianPackages {
  /** Holds `usr/bin`, `usr/sbin` and so on; `var/lib/dpkg/status.d` says of each package what it is, where scanners of images look. */
  readonly root: string;
  /** Values of PATH and LD_LIBRARY_PATH under which the programs find each other and their libraries; the system's own PATH comes last. */
  readonly environment: { readonly PATH: string; readonly LD_LIBRARY_PATH: string };
}

/**
 * Unpacks packages into the cache on first use (`lab/debian-<digest of their names and the system's release>`), by package lists of their own: the system's are neither
 * used nor changed, and apt checks the signatures as ever. Libraries that a small system may lack must be named too. Safe to call from
 * several processes at once.
 *
 * @throws LabError where apt-get or dpkg is missing, or a package cannot be had.
 */
export async function ensureDebianPackages(names: readonly string[], progress: Progress): Promise<DebianPackages> {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const key = JSON.stringify([process.arch, release, names.toSorted()]);
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const home = join(cacheRoot(), 'lab', `debian-${digest}`);
  const root = join(home, 'tree');
  if (!existsSync(root)) {
    mkdirSync(home, { recursive: true });
    await locked(join(home, 'lock'), progress, async () => {
      if (!existsSync(root)) await unpack(names, home, root, progress);
    });
  }
  const libraries = globSync(join(root, 'usr', 'lib', '*-linux-*'));
  const programs = ['usr/bin', 'usr/sbin'].map((folder) => join(root, folder));
  return {
    root,
    environment: {
      PATH: [...programs, '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'].join(':'),
      LD_LIBRARY_PATH: libraries.join(':'),
    },
  };
}

async function unpack(names: readonly string[], home: string, root: string, progress: Progress): Promise<void> {
  const work = mkdtempSync(join(home, 'unpack-'));
  try {
    progress(`fetching ${names.length} Debian packages`);
    const lists = join(work, 'lists');
    mkdirSync(join(lists, 'partial'), { recursive: true });
    // As root apt would hand the download to a user of its own, who may not write here.
    const options = ['-q', '-o', `Dir::State::lists=${lists}`, '-o', 'APT::Sandbox::User=root'];
    await run('apt-get', [...options, 'update'], { cwd: work });
    await run('apt-get', [...options, 'download', ...names], { cwd: work });
    const tree = join(work, 'tree');
    const status = join(tree, 'var/lib/dpkg/status.d');
    mkdirSync(status, { recursive: true });
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(work, file), tree]);
      const control = await run('dpkg-deb', ['--field', join(work, file)]);
      writeFileSync(join(status, file.split('_')[0]!), control);
    }
    renameSync(tree, root);
  } catch (error) {
    throw new LabError(
      `Debian packages could not be unpacked: ${error instanceof Error ? error.message : String(error)}`,
      'this needs apt-get and dpkg, and a Debian mirror that apt-get reaches (/etc/apt/sources.list)',
      { cause: error },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
