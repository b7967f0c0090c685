import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkout } from '../checkout.ts';
import type { Component } from '../sbom/sbom.ts';

/** Lays out in `root` the Node that this repository pins. */
export async function addNode(root: string): Promise<Component> {
  const program = await realpath(join(checkout, 'node_modules/.bin/node'));
  const home = dirname(dirname(program));
  const files = { 'usr/local/bin/node': program, 'usr/local/share/doc/node/LICENSE': join(home, 'LICENSE') };
  for (const [path, file] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(file, join(root, path));
  }
  await chmod(join(root, 'usr/local/bin/node'), 0o755);
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { readonly version: string };
  const purl = `pkg:generic/node@${version}`;
  const content = createHash('sha256')
    .update(await readFile(program))
    .digest('hex');
  return {
    'bom-ref': purl,
    type: 'application',
    name: 'node',
    version,
    purl,
    licenses: [{ license: { id: 'MIT' } }],
    hashes: [{ alg: 'SHA-256', content }],
  };
}
