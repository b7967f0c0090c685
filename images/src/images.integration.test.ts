import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseReference, RegistryClient } from '@kaito/oci';
import { startRegistryProcess } from '@kaito/oci/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBinaries } from '../../lab/kubernetes/src/binaries.ts';
import { cacheRoot } from '../../lab/kubernetes/src/go-programs.ts';
import { run } from '../../lab/kubernetes/src/run.ts';
import type { ServerEvent } from '../../packages/server/src/lifecycle/events.ts';
import { smollm2Path } from '../../packages/server/src/engine/llama/testing/real-model.ts';
import { baseTree, buildBase } from './base/base-image.ts';
import { checkout, version } from './checkout.ts';
import { buildImage } from './images.ts';
import { baseImage, type BuiltImage, buildFrom, ensureImage } from './index.ts';
import { blobFile, readManifest } from './layout.ts';
import { configOf, runContainer, unpack } from './testing/container.ts';

const quiet = (): void => {};

const reason = process.getuid?.() === 0 ? undefined : 'images are built as root';

const images = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [join(checkout, 'images/src/main.ts'), ...args]);

/** What a program of an unpacked image prints, where the file system cannot be written. */
const printed = async (image: BuiltImage, root: string, ...command: readonly string[]) =>
  await runContainer(root, await configOf(image), { command, readOnly: true }).ended;

describe.skipIf(reason !== undefined)(`KAITO's images${reason === undefined ? '' : ` (${reason})`}`, () => {
  let folder: string;
  let operator: BuiltImage;
  let server: BuiltImage;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'images-'));
    operator = await ensureImage('operator', quiet);
    server = await ensureImage('server', quiet);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  describe('what is built', () => {
    it('is the same, bit by bit, wherever and whenever it is built', async () => {
      const elsewhere = join(folder, 'a/cache of another name');
      const places = ['base', 'operator'].map((name) => ({
        work: join(elsewhere, name, 'work'),
        entry: join(elsewhere, name, 'entry'),
      }));
      for (const { work, entry } of places)
        await Promise.all([work, entry].map((path) => mkdir(path, { recursive: true })));
      const [forBase, forOperator] = places as [(typeof places)[0], (typeof places)[0]];
      const base = await buildBase(await baseTree(quiet), forBase.work, forBase.entry, quiet);
      const again = await buildImage('operator', base, forOperator.work, forOperator.entry, quiet);
      expect(again.digest).toBe(operator.digest);
      expect(again.layout).not.toBe(operator.layout);
    });

    it('shares its first layers among all images, and names no place of this machine', async () => {
      const [first, second] = await Promise.all([operator, server].map(readManifest));
      expect(first!.layers).toHaveLength(3);
      expect(first!.layers.slice(0, 2)).toEqual(second!.layers.slice(0, 2));
      const config = await readFile(blobFile(operator.layout, first!.config!.digest), 'utf8');
      expect(config).toContain('"User":"65532:65532"');
      for (const place of [checkout, cacheRoot(), tmpdir()]) {
        expect(JSON.stringify(first) + config).not.toContain(place);
      }
    });

    it('leaves no process, no mount and no work of this process behind', async () => {
      expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(join(cacheRoot(), 'images'));
      const left = await readdir(join(cacheRoot(), 'images'));
      expect(left.filter((name) => name.startsWith('work-') && name.includes(`-${process.pid}-`))).toEqual([]);
    });

    it('may be what another image is built on', async () => {
      const context = join(folder, 'context');
      await mkdir(context);
      await writeFile(
        join(context, 'Containerfile'),
        'ARG BASE\nFROM ${BASE}\nCOPY word /word\nRUN cat /word /word > /words\n',
      );
      await writeFile(join(context, 'word'), 'again ');
      const options = {
        containerfile: join(context, 'Containerfile'),
        context,
        base: await baseImage(quiet),
        name: 'derived',
      };
      const derived = await buildFrom(options, quiet);
      expect(await buildFrom(options, quiet)).toEqual(derived);
      await unpack(derived, join(folder, 'derived'));
      expect(await readFile(join(folder, 'derived/words'), 'utf8')).toBe('again again ');
      await writeFile(join(context, 'word'), 'other');
      expect((await buildFrom(options, quiet)).digest).not.toBe(derived.digest);
    });
  });

  describe('what runs, as a user without rights on a file system that cannot be written', () => {
    it('the operator', async () => {
      const root = join(folder, 'operator');
      await unpack(operator, root);
      const help = await printed(operator, root, 'kaito-workspace', '--help');
      expect(help).toEqual({ code: 0, output: expect.stringContaining('Usage: kaito-workspace') as string });
      expect(await printed(operator, root, 'id', '-un')).toEqual({ code: 0, output: 'kaito\n' });
      const written = await printed(operator, root, 'sh', '-c', '{ echo > /home/kaito/x; } 2>&1');
      expect(written.code).not.toBe(0);
      expect(written.output).toContain('Read-only file system');
    });

    it('the server, with a real model, and the program that fetches weights', async () => {
      const root = join(folder, 'server');
      await unpack(server, root);
      expect(await printed(server, root, 'kaito-server', '--version')).toEqual({ code: 0, output: `${version}\n` });
      const help = await printed(server, root, 'kaito-weights', '--help');
      expect(help).toEqual({ code: 0, output: expect.stringContaining('Usage: kaito-weights') as string });
      const model = await smollm2Path();
      const container = runContainer(root, await configOf(server), {
        // The entrypoint is that of the image.
        args: ['--model', `/mnt/${basename(model)}`, '--port', '0', '--context-length', '256'],
        readOnly: true,
        shown: dirname(model),
      });
      // Nothing but events, a line each.
      const events = () =>
        container
          .output()
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as ServerEvent);
      const settled = () =>
        events().find((each) => each.event === 'fault' || ('state' in each && each.state === 'ready'));
      try {
        await expect.poll(settled, { timeout: 60_000 }).toBeDefined();
        expect(events().filter(({ event }) => event === 'fault')).toEqual([]);
        const { url } = events().find((each) => each.event === 'listening')!;
        const response = await fetch(`${url}/chat`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ prompt: 'Two and two is', generate_kwargs: { max_length: 16 } }),
        });
        expect(await response.json()).toEqual({ Result: expect.stringContaining('Two and two is') as string });
      } finally {
        container.signal('SIGTERM');
        await container.ended;
      }
    });
  });

  describe('npm run images', () => {
    it('pushes images with their bills of materials, and writes values that the chart takes', async () => {
      await using registry = await startRegistryProcess();
      const prefix = `${registry.host}/kaito`;
      const values = join(folder, 'values.yaml');
      await images('operator', 'server', '--push', prefix, '--values', values);

      const client = new RegistryClient();
      const reference = parseReference(`${prefix}/kaito-server:${version}`);
      expect((await client.resolve(reference)).digest).toBe(server.digest);
      const [bill] = await client.referrers(reference, server.digest);
      expect(bill?.artifactType).toBe('application/vnd.cyclonedx+json');
      const { manifest } = await client.resolve({ ...reference, digest: bill!.digest });
      const { components } = JSON.parse(String(await client.fetchBlob(reference, manifest.layers[0]!))) as {
        readonly components: readonly { readonly purl: string }[];
      };
      const purls = components.map(({ purl }) => purl);
      for (const part of [
        'pkg:deb/debian/libc6@',
        'pkg:generic/node@24.',
        'pkg:npm/node-llama-cpp@',
        'pkg:npm/hono@',
      ]) {
        expect(purls).toContainEqual(expect.stringContaining(part));
      }
      expect(purls).not.toContainEqual(expect.stringContaining('vitest'));

      const helm = join(await ensureBinaries(quiet), 'helm');
      const chart = join(checkout, 'charts/kaito');
      const manifests = await run(helm, ['template', 'kaito', chart, '--kube-version=1.34.0', '--values', values]);
      expect(manifests).toContain(`image: "${prefix}/kaito-workspace:${version}@${operator.digest}"`);
      expect(manifests).toContain(`--server-image=${prefix}/kaito-server:${version}@${server.digest}`);
    });

    it('lays out what a build elsewhere needs', async () => {
      const context = join(folder, 'for docker');
      const { stderr } = await images('operator', '--context', context);
      expect(stderr).toContain('docker build --target operator');
      const containerfile = await readFile(join(context, 'Dockerfile'), 'utf8');
      expect(containerfile).toBe(await readFile(join(checkout, 'images/Containerfile'), 'utf8'));
      expect((await stat(join(context, 'operator/opt/kaito/workspace/bin/kaito-workspace.mjs'))).mode & 0o777).toBe(
        0o755,
      );
      expect((await stat(join(context, 'runtime/usr/local/bin/node'))).size).toBeGreaterThan(50e6);
    });

    it.each([
      [['operators'], 'there is no image operators\n  choose among operator, provisioner, server, server-cuda'],
      [['--values', 'x'], '--values names what --push pushed'],
      [['--push', 'Not A Registry'], 'is not a'],
    ])('%j is told what is wrong, and nothing is built', async (args, message) => {
      await expect(images(...args)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining(message) as string,
      });
    });
  });
});
