import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryContent } from './content.ts';
import { type RegistryProcess, startRegistry } from './process.ts';
import { ensureRegistryProgram } from './program.ts';
import { hasTag, seedImage } from './seed.ts';

const image = { repository: 'aks/kaito/tiny', tag: '1', layers: 2, layerBytes: 3_000_001 };

let program: string;
let directory: string;
beforeAll(async () => {
  program = await ensureRegistryProgram(() => {});
  directory = mkdtempSync(join(tmpdir(), 'registry-'));
}, 600_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A process that has ended may wait for its parent to ask after it. */
function runs(pid: string): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function withRegistry(work: (registry: RegistryProcess) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const registry = await startRegistry(program, directory, stop.signal);
  try {
    await work(registry);
  } finally {
    stop.abort();
    await registry.ended;
  }
}

describe('the registry process', () => {
  test('holds registries apart from each other, and keeps what it holds', async () => {
    let digest = '';
    await withRegistry(async (registry) => {
      const [one, other] = await Promise.all([registry.open('one.example'), registry.open('other.example')]);
      digest = await seedImage(one, image);
      expect(await hasTag(one, image.repository, '1')).toBe(true);
      expect(await hasTag(other, image.repository, '1')).toBe(false);
      expect(await registry.open('one.example')).toBe(one);
    });
    await withRegistry(async (registry) => {
      const answer = await fetch(`http://${await registry.open('one.example')}/v2/${image.repository}/manifests/1`, {
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      });
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
    });
  });

  test('tells from its storage what it does not tell over HTTP', async () => {
    const content = new RegistryContent(join(directory, 'one.example'));
    expect(await content.repositories()).toEqual([image.repository]);
    const [tag] = await content.tags(image.repository);
    const [manifest] = await content.manifests(image.repository);
    expect(tag).toMatchObject({ name: '1', digest: manifest?.digest });
    expect(manifest).toMatchObject({ architecture: 'amd64', os: 'linux', tags: ['1'] });
    expect(manifest?.imageBytes).toBeGreaterThan(2 * image.layerBytes);
    expect(Math.abs(Date.now() - (tag?.created.getTime() ?? 0))).toBeLessThan(3_600_000);
    expect(await content.bytes()).toBe(manifest?.imageBytes);
    await content.remove(image.repository);
    expect(await content.repositories()).toEqual([]);
    expect(await content.tags('never/there')).toEqual([]);
  });

  test('dies with a parent that is killed', async () => {
    const source = `
      import { startRegistry } from ${JSON.stringify(fileURLToPath(new URL('process.ts', import.meta.url)))};
      const registry = await startRegistry(process.argv[1], process.argv[2], new AbortController().signal);
      await registry.open('one.example');
      console.log(registry.pid);
      setInterval(() => {}, 1000);`;
    const parent: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', source, program, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout! }), 'line')) as [string];
    expect(runs(line)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => runs(line), { timeout: 30_000 }).toBe(false);
  });
});
