import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../lab/kubernetes/src/run.ts';
import { checkout, version } from '../checkout.ts';
import { packageOf } from '../context/packages.ts';
import type { Component } from './sbom.ts';

/** The packages that files of this checkout are of: of npm's with all that `npm sbom` says of them, and this repository's own. */
export async function npmComponents(files: readonly string[]): Promise<readonly Component[]> {
  const answer = await run('npm', ['sbom', '--sbom-format=cyclonedx'], {
    cwd: checkout,
    // It would leave its compiled code in the system's temporary folder.
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
  });
  const { components } = JSON.parse(answer) as { readonly components: readonly Component[] };
  const known = new Map(components.map((component) => [`${component.name}@${component.version}`, component]));
  const folders = [...new Set(files.map(packageOf))].toSorted();
  const names = new Set(await Promise.all(folders.map(nameOf)));
  return [...names].map((name) => {
    const component = known.get(name) ?? own(name);
    if (component === undefined) throw new Error(`npm sbom knows nothing of ${name}`);
    return component;
  });
}

function own(name: string): Component | undefined {
  if (!name.startsWith('@kaito/')) return undefined;
  const purl = `pkg:npm/${name.replace('@', '%40')}`;
  return { 'bom-ref': purl, type: 'library', name: name.slice(0, name.lastIndexOf('@')), version, purl };
}

async function nameOf(folder: string): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  return `${name}@${version}`;
}
