import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@kaito/oci';
import { serveBytes, startStubServer } from '@kaito/oci/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchWeights } from './fetch.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const MODEL = Buffer.alloc(3_000_000, 'a model');

let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weights-processes-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

function pull(url: string) {
  const source = JSON.stringify({ type: 'https', url });
  const wanted = ['--name', 'm', '--sha256', digestOf(MODEL).slice(7), '--source', source];
  const child = spawn(process.execPath, [MAIN, 'pull', ...wanted, '--cache', directory, '--progress', 'json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { child, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return output;
}

const DEADLINE = { timeout: 60_000 };

describe('several processes', () => {
  it('download once, and the one that waits shows the progress', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    await using server = await startStubServer(async (_, response) => {
      response.writeHead(200, { 'content-length': MODEL.length });
      response.write(MODEL.subarray(0, 1_000_000));
      await held;
      response.end(MODEL.subarray(1_000_000));
    });
    const both = [pull(server.url), pull(server.url)];
    const exits = both.map(({ child }) => once(child, 'exit'));
    for (const process of both) await expect.poll(() => process.stderr, DEADLINE).toContain('"download"');
    release();
    expect((await Promise.all(exits)).map(([code]) => code as number)).toEqual([0, 0]);
    const sources = both.map(({ stdout }) => (JSON.parse(stdout) as { source: string }).source);
    expect(sources.toSorted()).toEqual(['cache', 'https']);
    expect(server.requests).toHaveLength(1);
  });

  it('go on where a killed one stopped', async () => {
    await using server = await startStubServer((request, response) => {
      if (server.requests.length > 1) {
        serveBytes(request, response, MODEL);
        return;
      }
      response.writeHead(200, { 'content-length': MODEL.length });
      response.write(MODEL.subarray(0, 2_500_000));
    });
    const killed = pull(server.url);
    // Whole MiB are handed to the disk while more is awaited.
    await expect
      .poll(async () => {
        const partial = join(directory, 'partial');
        const [file] = (await readdir(partial).catch(() => [])).filter((name) => !name.includes('.'));
        return file === undefined ? 0 : (await readFile(join(partial, file))).length;
      }, DEADLINE)
      .toBeGreaterThan(1_000_000);
    const exit = once(killed.child, 'exit');
    killed.child.kill('SIGKILL');
    await exit;
    const result = await fetchWeights(
      { name: 'm', digest: digestOf(MODEL), sources: [{ type: 'https', url: server.url }] },
      { cacheDirectory: directory },
    );
    expect(await readFile(result.path)).toEqual(MODEL);
    expect(Number(/\d+/.exec(server.requests[1]?.headers.range ?? '')?.[0])).toBeGreaterThan(1_000_000);
  });

  it('end on SIGTERM with an error that says so, and keep what they have', async () => {
    await using server = await startStubServer((_, response) => {
      response.writeHead(200, { 'content-length': MODEL.length });
      response.write(MODEL.subarray(0, 500_000));
    });
    const stopped = pull(server.url);
    await expect.poll(() => stopped.stderr, DEADLINE).toContain('"download"');
    const exit = once(stopped.child, 'exit');
    stopped.child.kill('SIGTERM');
    expect((await exit)[0]).toBe(1);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ error: { code: 'Aborted' } });
    expect(await readdir(join(directory, 'locks'))).toEqual([]);
  });
});
