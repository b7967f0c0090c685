import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages } from '../../../lab/kubernetes/src/debian-packages/debian-packages.ts';
import type { Progress } from '../../../lab/kubernetes/src/go-programs.ts';
import { build } from '../build.ts';
import { settle } from '../context/modes.ts';
import type { BuiltImage } from '../layout.ts';
import { debianComponents } from '../sbom/debian.ts';
import { writeSbom } from '../sbom/sbom.ts';
import { stored } from '../store.ts';

/** What programs of Node and llama.cpp need, authorities to trust, and a shell. */
const packages = [
  'base-files',
  'busybox-static',
  'ca-certificates',
  'dash',
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  'netbase',
];

/** Of busybox; a shell is of little use without. */
const applets = [
  'cat',
  'cp',
  'date',
  'echo',
  'env',
  'grep',
  'hostname',
  'id',
  'ls',
  'mkdir',
  'printf',
  'ps',
  'rm',
  'sleep',
  'tail',
  'wget',
];

const files: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
};

const containerfile = fileURLToPath(new URL('../../base.Containerfile', import.meta.url));

/** The packages of the base, unpacked. */
export async function baseTree(progress: Progress): Promise<string> {
  return (await ensureDebianPackages(packages, progress)).root;
}

/** A Debian of few packages, unpacked and never installed: the base of our images here, where no registry is at hand. Cached. @throws LabError as `buildFrom`. */
export async function baseImage(progress: Progress): Promise<BuiltImage> {
  const root = await baseTree(progress);
  const key = createHash('sha256').update(basename(dirname(root)));
  for (const file of [containerfile, fileURLToPath(import.meta.url)]) key.update(await readFile(file));
  return await stored('base', key.digest('hex').slice(0, 16), progress, async (work, entry) => {
    await buildBase(root, work, entry, progress);
  });
}

/** Builds the base of an unpacked tree, and its bill of materials, into `entry`, working in the folder `work`. */
export async function buildBase(tree: string, work: string, entry: string, progress: Progress): Promise<BuiltImage> {
  const context = join(work, 'context');
  await fill(context, tree);
  const image = await build({ containerfile, context, name: 'base' }, work, entry, progress);
  await writeSbom(image, { name: 'base', version: '1' }, await debianComponents(tree));
  return image;
}

async function fill(context: string, tree: string): Promise<void> {
  await cp(tree, context, { recursive: true, verbatimSymlinks: true });
  await settle(join(context, 'var/lib/dpkg'));
  // Licences stay.
  const dispensable = [
    'usr/share/{man,info,lintian,bug,locale,doc-base}',
    'usr/share/doc/*/!(copyright)',
    'usr/lib/*/gconv',
  ];
  for (const path of globSync(dispensable, { cwd: context })) await rm(join(context, path), { recursive: true });
  for (const applet of applets) await symlink('busybox', join(context, 'bin', applet));
  for (const [path, content] of Object.entries(files)) await write(join(context, path), content);
  const authorities = globSync('usr/share/ca-certificates/**/*.crt', { cwd: context }).toSorted();
  const bundle = await Promise.all(authorities.map((path) => readFile(join(context, path), 'utf8')));
  await write(join(context, 'etc/ssl/certs/ca-certificates.crt'), bundle.join(''));
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, 0o644);
}
