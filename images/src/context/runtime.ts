import { copyFile, mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkout } from '../checkout.ts';

/** Lays out in `root` the Node that this repository pins. */
export async function addNode(root: string): Promise<void> {
  const node = await realpath(join(checkout, 'node_modules/.bin/node'));
  await mkdir(join(root, 'usr/local/bin'), { recursive: true });
  await copyFile(node, join(root, 'usr/local/bin/node'));
  const licence = 'usr/local/share/doc/node/LICENSE';
  await mkdir(dirname(join(root, licence)), { recursive: true });
  await copyFile(join(dirname(node), '../LICENSE'), join(root, licence));
}
