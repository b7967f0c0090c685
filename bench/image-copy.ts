/**
 * Copies a synthetic image between two local registries (CNCF distribution, Debian's docker-registry): `kaito image copy` beside Debian's `skopeo copy`, each into an empty registry. Prints
 * throughput (10^6 bytes), the ratio, peak resident memory and CPU time; then what a copy
 * sends again that goes on after one that was ended by SIGTERM, and by SIGKILL.
 *
 * Layers are gzip streams of random bytes, stored uncompressed: skopeo would compress anything that is no gzip.
 *
 * Usage: node bench/image-copy.ts [--mb 2000] [--layers 12] [--runs 3] [--storage DIR] [--connection-rate MB/s]
 *
 * With --connection-rate the source gives each connection no more than that, as registries over a network do.
 */
import { spawn } from 'node:child_process';
import { Console } from 'node:console';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, type Dirent, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { bytesSource, type Descriptor, digestOf, fileSource, parseReference, RegistryClient } from '@kaito/oci';
import { debianProgram, type RegistryProcess, startRegistryProcess } from '@kaito/oci/testing';

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '2000' },
    layers: { type: 'string', default: '12' },
    runs: { type: 'string', default: '3' },
    storage: { type: 'string', default: tmpdir() },
    'connection-rate': { type: 'string' },
  },
});
const total = Number(values.mb) * 1e6;
const layers = Number(values.layers);
const main = join(import.meta.dirname, '..', 'packages', 'cli', 'src', 'main.ts');
const work = mkdtempSync(join(values.storage, 'bench-image-copy-'));
const print = new Console(process.stdout);

/** One process's account: wall clock and CPU in ms, peak resident memory in MB. */
interface Account {
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakMB: number;
}

const registry = () => startRegistryProcess({ storage: mkdtempSync(join(work, 'storage-')) });

/** Pushes the image; returns the bytes of its blobs. */
async function pushImage(host: string): Promise<number> {
  const client = new RegistryClient();
  const reference = parseReference(`${host}/bench/image:v1`);
  const piece = randomBytes(1e6);
  const descriptors: Descriptor[] = [];
  const diffIds: string[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const file = join(work, 'layer');
    const plain = createHash('sha256');
    const packed = createHash('sha256');
    await pipeline(
      Readable.from(
        (function* content() {
          for (let done = 0; done < total / layers; done += piece.length) {
            piece.writeDoubleBE(layer * total + done, done % 1000);
            plain.update(piece);
            yield Buffer.from(piece);
          }
        })(),
      ),
      createGzip({ level: 0 }),
      async function* hashed(source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          packed.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(file),
    );
    const digest = `sha256:${packed.digest('hex')}`;
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    const descriptor = { mediaType, digest, size: statSync(file).size };
    await client.pushBlob(reference, descriptor, fileSource(file));
    descriptors.push(descriptor);
    diffIds.push(`sha256:${plain.digest('hex')}`);
  }
  rmSync(join(work, 'layer'));
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: diffIds } }),
  );
  const mediaType = 'application/vnd.oci.image.config.v1+json';
  const configDescriptor = { mediaType, digest: digestOf(config), size: config.length };
  await client.pushBlob(reference, configDescriptor, bytesSource(config));
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = { schemaVersion: 2, mediaType: manifestType, config: configDescriptor, layers: descriptors };
  await client.pushManifest(reference, { bytes: Buffer.from(JSON.stringify(manifest)), mediaType: manifestType });
  return [configDescriptor, ...descriptors].reduce((sum, { size }) => sum + size, 0);
}

/** What a command prints; it must end well. The registries' logs are read meanwhile, or they would stand still. */
async function output(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [text, [code]] = await Promise.all([readAll(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
  return text;
}

/** Runs a command to its end; Python's getrusage tells its CPU and memory. */
async function measured(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<Account> {
  const script = [
    'import json, resource, subprocess, sys, time',
    'start = time.monotonic()',
    'code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode',
    'wall = time.monotonic() - start',
    'used = resource.getrusage(resource.RUSAGE_CHILDREN)',
    'print(json.dumps([code, wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))',
  ].join('\n');
  const printed = await output(['python3', '-c', script, ...command], environment);
  const [code, wall, cpu, kib] = JSON.parse(printed) as [number, number, number, number];
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
  return { ms: wall * 1000, cpuMs: cpu * 1000, peakMB: (kib * 1024) / 1e6 };
}

/** Where a registry is reached. */
type Host = Pick<RegistryProcess, 'host'>;

/** A registry as seen through a proxy that gives each connection `rate` bytes per ms of answers. */
async function throttled(registry: RegistryProcess, rate: number): Promise<Host> {
  const server = createServer((client) => {
    const upstream = connect(registry.port, '127.0.0.1');
    const begun = performance.now();
    let passed = 0;
    const paced = new Transform({
      transform(piece: Buffer, _encoding, done) {
        passed += piece.length;
        const early = begun + passed / rate - performance.now();
        setTimeout(() => done(null, piece), Math.max(0, early));
      },
    });
    for (const stream of [client, upstream, paced])
      stream.on('error', () => [client, upstream].map((each) => each.destroy()));
    client.pipe(upstream).pipe(paced).pipe(client);
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const kaito = (from: Host, to: Host) => [
  process.execPath,
  main,
  'image',
  'copy',
  `${from.host}/bench/image:v1`,
  `${to.host}/bench/image:v1`,
];
const ourEnvironment = { KAITO_CACHE: join(work, 'cache') };

async function compare(from: Host, size: number): Promise<void> {
  const skopeo = await debianProgram('skopeo');
  const rows = [];
  for (let run = 1; run <= Number(values.runs); run += 1) {
    const copies = {
      kaito: (to: RegistryProcess) => measured([...kaito(from, to), '--quiet'], ourEnvironment),
      skopeo: (to: RegistryProcess) => {
        const ends = [from, to].map(({ host }) => `docker://${host}/bench/image:v1`);
        const flags = ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', '--dest-tls-verify=false'];
        return measured([skopeo.path, ...flags, ...ends], skopeo.environment);
      },
    };
    const into = async (copy: (to: RegistryProcess) => Promise<Account>) => {
      await using to = await registry();
      const account = await copy(to);
      rmSync(to.storage, { recursive: true });
      return account;
    };
    const ours = await into(copies.kaito);
    const theirs = await into(copies.skopeo);
    rows.push({
      run,
      'kaito MB/s': Math.round(size / 1e3 / ours.ms),
      'skopeo MB/s': Math.round(size / 1e3 / theirs.ms),
      ratio: Number((theirs.ms / ours.ms).toFixed(2)),
      'kaito CPU s': Number((ours.cpuMs / 1e3).toFixed(1)),
      'skopeo CPU s': Number((theirs.cpuMs / 1e3).toFixed(1)),
      'kaito peak MB': Math.round(ours.peakMB),
      'skopeo peak MB': Math.round(theirs.peakMB),
    });
  }
  print.table(rows);
}

/** Files and folders below; none of a folder that the registry takes away meanwhile. */
function entriesBelow(folder: string): readonly Dirent[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
  return entries.flatMap((entry) =>
    entry.isDirectory() ? [entry, ...entriesBelow(join(folder, entry.name))] : [entry],
  );
}

/** Bytes of a registry's finished blobs and of its uploads under way. */
function stored(storage: string): { readonly bytes: number; readonly uploads: number } {
  const files = entriesBelow(storage).filter((entry) => entry.isFile() && basename(entry.name) === 'data');
  const sizes = files.map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size);
  return {
    bytes: sizes.reduce((sum: number, size) => sum + (size ?? 0), 0),
    uploads: files.filter(({ parentPath }) => parentPath.includes('_uploads')).length,
  };
}

/** Ends a copy with a signal midway, and tells what the next one sends again. */
async function resume(from: RegistryProcess, size: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  await using to = await registry();
  const [program = '', ...args] = kaito(from, to);
  const environment = { ...process.env, ...ourEnvironment };
  const first = spawn(program, [...args, '--quiet'], { env: environment, stdio: 'ignore' });
  const exit = once(first, 'exit');
  while (stored(to.storage).bytes < size * 0.6 && first.exitCode === null) await sleep(5);
  first.kill(signal);
  await exit;
  // The registry goes on writing what it had received.
  let before = stored(to.storage);
  for (let now = before, still = 0; still < 20; still = now.bytes === before.bytes ? still + 1 : 0) {
    before = now;
    await sleep(50);
    now = stored(to.storage);
  }
  const again = await output([program, ...args, '--quiet', '-o', 'json'], ourEnvironment);
  const { sentBytes } = JSON.parse(again) as { sentBytes: number };
  const twice = sentBytes - (size - before.bytes);
  print.log(
    `${signal} when the registry had ${megabytes(before.bytes)} of ${megabytes(size)} MB, ${before.uploads} layers under way: ` +
      `the next copy sent ${megabytes(sentBytes)} MB, ${megabytes(twice)} of them again (a chunk has 34).`,
  );
  rmSync(to.storage, { recursive: true });
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);

try {
  await using from = await registry();
  const size = await pushImage(from.host);
  const rate = values['connection-rate'];
  if (rate === undefined) {
    await compare(from, size);
    await resume(from, size, 'SIGTERM');
    await resume(from, size, 'SIGKILL');
    print.log('After SIGKILL the CNCF registry forgets an upload that was cut within a chunk: its layer is sent anew.');
  } else await compare(await throttled(from, Number(rate) * 1e3), size);
} finally {
  rmSync(work, { recursive: true, force: true });
}
