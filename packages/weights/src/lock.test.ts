import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instantTiming } from '@kaito/oci/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLocked, Lock } from './lock.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  file = join(directory, 'locks', 'x.lock');
});
afterEach(() => rm(directory, { recursive: true }));

const acquire = (options = {}) => Lock.acquire(file, { timing: instantTiming(), ...options });

/** The pid of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('Lock', () => {
  it('is held by one at a time', async () => {
    const first = await acquire();
    let waited = 0;
    let second: Lock | undefined;
    const take = async () => {
      second = await acquire({ onWait: () => void (waited += 1) });
    };
    const waiting = take();
    await expect.poll(() => waited).toBeGreaterThan(3);
    expect(second).toBeUndefined();
    expect(await isLocked(file)).toBe(true);
    await first.release();
    await waiting;
    expect(await second?.held()).toBe(true);
    await second?.release();
    expect(await isLocked(file)).toBe(false);
  });

  it('never has two holders among many who want it', async () => {
    let holders = 0;
    let most = 0;
    const one = async () => {
      const lock = await acquire();
      holders += 1;
      most = Math.max(most, holders);
      await new Promise((resolve) => setImmediate(resolve));
      holders -= 1;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 12 }, one));
    expect(most).toBe(1);
  });

  it('is taken over from a process that is gone, or whose pid is another process now', async () => {
    const lock = await acquire();
    const record = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await lock.release();
    for (const stale of [{ pid: await endedPid() }, { startedAt: '1' }]) {
      await writeFile(file, JSON.stringify({ ...record, ...stale, token: 'other' }));
      const taken = await acquire();
      expect(await taken.held()).toBe(true);
      await taken.release();
    }
  });

  it('is taken over from another machine or a torn file only after a long silence', async () => {
    const lock = await acquire();
    const record = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await lock.release();
    for (const text of [JSON.stringify({ ...record, namespace: 'elsewhere', token: 'other' }), '']) {
      await writeFile(file, text);
      const timing = instantTiming();
      const taken = await acquire({ timing });
      expect(timing.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(60_000);
      await taken.release();
    }
  });

  it('shows the progress of its holder', async () => {
    const holder = await acquire();
    const progress = { source: 'https', step: 'download', doneBytes: 5, totalBytes: 9 } as const;
    holder.show(progress);
    const stop = new AbortController();
    const seen: unknown[] = [];
    const waiting = acquire({ signal: stop.signal, onWait: (shown: unknown) => seen.push(shown) });
    waiting.catch(() => {});
    await expect.poll(() => seen.at(-1), { timeout: 20_000 }).toEqual(progress);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' });
    await holder.release();
  });

  it('notices that it was taken away', async () => {
    const lock = await acquire();
    await rm(file);
    const other = await acquire();
    expect(await lock.held()).toBe(false);
    await lock.release();
    expect(await other.held()).toBe(true);
    await other.release();
  });
});
