import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RegistryProcess, startRegistry } from '../registry/process.ts';
import { ensureRegistryProgram } from '../registry/program.ts';
import { hasTag, seedImage } from '../registry/seed.ts';
import { createBackend } from './backend.ts';

const image = { repository: 'app', tag: '1', layers: 1, layerBytes: 1000 };
let directory: string;
let program: string;
beforeAll(async () => {
  program = await ensureRegistryProgram(() => {});
  directory = mkdtempSync(join(tmpdir(), 'backend-'));
}, 600_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('a registry process that is killed is started anew at the next need, with all that it held', async () => {
  const stop = new AbortController();
  const started: RegistryProcess[] = [];
  const backend = createBackend(
    directory,
    async (signal) => {
      started.push(await startRegistry(program, directory, signal));
      return started.at(-1)!;
    },
    async (_, address) => {
      if (!(await hasTag(address, 'app', '1'))) await seedImage(address, image);
    },
  );
  backend.allow(stop.signal);
  const first = await backend.address('one.example');
  expect(await backend.address('one.example')).toBe(first);
  expect(started).toHaveLength(1);
  process.kill(started[0]!.pid, 'SIGKILL');
  await expect(started[0]!.ended).rejects.toThrow('unasked');
  expect(await hasTag(await backend.address('one.example'), 'app', '1')).toBe(true);
  expect(started).toHaveLength(2);
  stop.abort();
  await backend.ended();
});

test('a start that fails is told to who needs it, and tried again', async () => {
  const stop = new AbortController();
  let attempts = 0;
  const backend = createBackend(
    directory,
    async (signal) => {
      attempts += 1;
      return await startRegistry(attempts === 1 ? join(directory, 'no-such-program') : program, directory, signal);
    },
    async () => {},
  );
  backend.allow(stop.signal);
  await expect(backend.address('one.example')).rejects.toThrow(/ENOENT/);
  expect(await hasTag(await backend.address('one.example'), 'app', '1')).toBe(true);
  stop.abort();
  await backend.ended();
});
