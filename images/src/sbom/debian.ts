import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from './sbom.ts';

/** The packages of an unpacked tree, by what `var/lib/dpkg/status.d` says of them; `release` is what `VERSION_ID` of os-release says. */
export async function debianComponents(tree: string): Promise<readonly Component[]> {
  const release = /^VERSION_ID="?([^"\n]+)/m.exec(await readFile(join(tree, 'usr/lib/os-release'), 'utf8'))?.[1] ?? '';
  const status = join(tree, 'var/lib/dpkg/status.d');
  const files = (await readdir(status)).toSorted();
  return await Promise.all(files.map(async (file) => component(await readFile(join(status, file), 'utf8'), release)));
}

/** Of one package's control file. */
export function component(control: string, release: string): Component {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? '';
  const [name, version] = [field('Package'), field('Version')];
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${field('Architecture')}&distro=debian-${release}`;
  return {
    'bom-ref': purl,
    type: 'library',
    name,
    version,
    purl,
    description: field('Description'),
    supplier: { name: field('Maintainer') },
  };
}
