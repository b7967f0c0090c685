import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { imageArchive } from './image-archive.ts';
import { tar } from './tar.ts';

const image = {
  reference: 'registry.example/team/tool:1',
  files: [{ path: 'tool', content: Buffer.from('#!/bin/sh\n'), mode: 0o755 }],
  entrypoint: ['/tool'],
  env: { A: 'b' },
};

const fileOf = (archive: Buffer, path: string): Buffer => execFileSync('tar', ['-xOf', '-', path], { input: archive });

const blob = ({ digest }: { readonly digest: string }): string => `blobs/${digest.replace(':', '/')}`;

test('a tar is read by the system’s own program: names, modes, sizes, content', () => {
  const archive = tar([
    { path: 'empty', content: Buffer.alloc(0) },
    { path: 'folder/full', content: Buffer.alloc(1025, 'x'), mode: 0o755 },
  ]);
  const listed = execFileSync('tar', ['--numeric-owner', '-tvf', '-'], { input: archive, encoding: 'utf8' }).split(
    '\n',
  );
  expect(listed[0]).toMatch(/^-rw-r--r-- 0\/0 +0 .* empty$/);
  expect(listed[1]).toMatch(/^-rwxr-xr-x 0\/0 +1025 .* folder\/full$/);
  expect(fileOf(archive, 'folder/full')).toEqual(Buffer.alloc(1025, 'x'));
  expect(() => tar([{ path: 'a'.repeat(101), content: Buffer.alloc(0) }])).toThrow(RangeError);
});

test('an image is the same bytes each time; every blob is what its name says, and is reached from the index', () => {
  const archive = imageArchive(image);
  expect(imageArchive(image)).toEqual(archive);
  const two = fileOf(imageArchive(image, { ...image, reference: 'registry.example/other:2' }), 'index.json').toString();
  expect(JSON.parse(two).manifests.map(({ annotations }: { annotations: object }) => annotations)).toEqual([
    { 'io.containerd.image.name': image.reference },
    { 'io.containerd.image.name': 'registry.example/other:2' },
  ]);
  const json = (path: string) => JSON.parse(fileOf(archive, path).toString());
  const [entry] = json('index.json').manifests;
  expect(entry.annotations).toEqual({ 'io.containerd.image.name': image.reference });
  const manifest = json(blob(entry));
  for (const part of [entry, manifest.config, ...manifest.layers]) {
    const bytes = fileOf(archive, blob(part));
    expect(part).toMatchObject({
      size: bytes.length,
      digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    });
  }
  const config = json(blob(manifest.config));
  expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
  expect(config.config).toMatchObject({ Entrypoint: ['/tool'], Env: ['PATH=/', 'A=b'] });
  expect(fileOf(fileOf(archive, blob(manifest.layers[0])), 'tool').toString()).toBe('#!/bin/sh\n');
});
