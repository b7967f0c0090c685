/**
 * Downloads a stream over loopback, verified and durable: our fetch against `curl -o`, `sync` and `sha256sum` one after another. Prints MB/s (10^6 bytes), the ratio and
 * the peak resident memory of each.
 *
 * Usage: node bench/weights.ts [--mib 1024] [--runs 3]
 */
import { execFileSync, fork } from 'node:child_process';
import { Console } from 'node:console';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const MIB = 1024 ** 2;
const { values, positionals } = parseArgs({
  options: { mib: { type: 'string', default: '1024' }, runs: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const mib = Number(values.mib);

interface Served {
  readonly port: number;
  readonly digest: string;
}
interface Measured {
  readonly ms: number;
  readonly peakMiB: number;
}

if (positionals[0] === 'serve') serve();
else if (positionals[0] === 'fetch') await fetchOnce(positionals.slice(1));
else await compare();

function serve(): void {
  const piece = randomBytes(MIB);
  const hash = createHash('sha256');
  for (let count = 0; count < mib; count += 1) hash.update(piece);
  const digest = `sha256:${hash.digest('hex')}`;
  const server = createServer(async (_, response) => {
    response.writeHead(200, { 'content-length': mib * MIB, etag: '"bench"' });
    for (let count = 0; count < mib; count += 1) if (!response.write(piece)) await once(response, 'drain');
    response.end();
  });
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ port: (server.address() as AddressInfo).port, digest } satisfies Served);
  });
  process.once('disconnect', () => process.exit());
}

async function fetchOnce([url = '', digest = '', cacheDirectory = '']: readonly string[]): Promise<void> {
  const { fetchWeights } = await import('@kaito/weights');
  const start = performance.now();
  await fetchWeights(
    { name: 'bench', digest, bytes: mib * MIB, sources: [{ type: 'https', url }] },
    { cacheDirectory },
  );
  const ms = performance.now() - start;
  process.send?.({ ms, peakMiB: process.resourceUsage().maxRSS / 1024 } satisfies Measured);
}

async function compare(): Promise<void> {
  const server = fork(import.meta.filename, ['serve', '--mib', values.mib]);
  const [{ port, digest }] = (await once(server, 'message')) as [Served];
  const url = `http://127.0.0.1:${port}/model`;
  const size = mib * MIB;
  const rows: { readonly run: number; readonly ours: Measured; readonly curl: number; readonly hash: number }[] = [];
  try {
    for (let run = 1; run <= Number(values.runs); run += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'bench-weights-'));
      try {
        const file = join(directory, 'curl');
        const start = performance.now();
        execFileSync('curl', ['-sS', '-o', file, url]);
        execFileSync('sync', [file]);
        const downloaded = performance.now();
        const sum = execFileSync('sha256sum', [file], { encoding: 'utf8' });
        if (!digest.endsWith(sum.split(' ')[0] ?? '-')) throw new Error('curl fetched something else');
        const hashed = performance.now();
        rmSync(file);
        const child = fork(import.meta.filename, ['fetch', '--mib', values.mib, url, digest, join(directory, 'cache')]);
        const [ours] = (await once(child, 'message')) as [Measured];
        rows.push({ run, ours, curl: downloaded - start, hash: hashed - downloaded });
      } finally {
        rmSync(directory, { recursive: true });
      }
    }
  } finally {
    server.disconnect();
  }
  const rate = (ms: number) => Math.round(size / 1e3 / ms);
  new Console(process.stdout).table(
    rows.map(({ run, ours, curl, hash }) => ({
      run,
      'kaito MB/s': rate(ours.ms),
      'curl + sync MB/s': rate(curl),
      'sha256sum MB/s': rate(hash),
      'curl + sync + sha256sum MB/s': rate(curl + hash),
      ratio: Number(((curl + hash) / ours.ms).toFixed(2)),
      'kaito peak MiB': Math.round(ours.peakMiB),
    })),
  );
}
