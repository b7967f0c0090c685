import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '@kaito/oci';
import { blobFile, forgetBase, readLayout, readManifest } from './layout.ts';
import { writeLayout } from './testing/layouts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layout-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('an image weighs what a registry keeps of it', async () => {
  const manifest = await writeLayout(folder, { layer: 'a layer' });
  const image = await readLayout('app', folder);
  expect(image.digest).toBe(digestOf(manifest));
  expect(image.bytes).toBe(manifest.length + 'a layer'.length + '{}'.length);
});

it('an image whose base is forgotten is the same but for that, under its own digest', async () => {
  await writeLayout(folder, { layer: 'a layer', annotations: { 'org.opencontainers.image.base.name': 'here' } });
  const before = await readLayout('app', folder);
  const { annotations: _, ...rest } = await readManifest(before);
  await forgetBase(folder);
  const image = await readLayout('app', folder);
  expect(await readManifest(image)).toEqual(rest);
  expect(digestOf(await readFile(blobFile(folder, image.digest)))).toBe(image.digest);
  await expect(readManifest(before)).rejects.toThrow('ENOENT');
});
