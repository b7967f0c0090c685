import { chmod, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@kaito/oci';
import { serveBytes, startStubServer } from '@kaito/oci/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from './run.ts';

const MODEL = Buffer.alloc(100_000, 'model');
const HEX = digestOf(MODEL).slice(7);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weights-command-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function run(...args: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await runCommand({
    arguments: args,
    environment: { KAITO_CACHE: directory, PATH: process.env['PATH'] },
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    readStdin: async () => JSON.stringify({ name: 'm', sources: [{ type: 'path', path: join(directory, 'in') }] }),
    signal: new AbortController().signal,
    today: Date.now,
  });
  return { code, stdout, stderr, json: () => JSON.parse(stdout) as Record<string, unknown> };
}

describe('the executable', () => {
  it('pulls, lists, verifies and prunes', async () => {
    await using server = await startStubServer((request, response) => serveBytes(request, response, MODEL));
    const output = join(directory, 'out', 'model.gguf');
    const source = JSON.stringify({ type: 'https', url: `${server.url}/m` });
    const pull = [
      'pull',
      '--name',
      'm',
      '--sha256',
      HEX,
      '--bytes',
      String(MODEL.length),
      '--source',
      source,
      '--output',
      output,
    ];
    const pulled = await run(...pull, '--progress', 'json');
    expect(pulled.code).toBe(0);
    expect(pulled.json()).toEqual({ path: output, digest: `sha256:${HEX}`, bytes: MODEL.length, source: 'https' });
    expect(await readFile(output)).toEqual(MODEL);
    expect((await stat(output)).nlink).toBe(2);
    for (const line of pulled.stderr.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ source: 'https' });
    expect((await run(...pull)).json()).toMatchObject({ source: 'cache' });

    expect((await run('list')).json()['files']).toMatchObject([
      { digest: `sha256:${HEX}`, names: ['m'], bytes: MODEL.length },
    ]);
    expect((await run('verify', '--progress', 'none')).code).toBe(0);
    await chmod(output, 0o644);
    await truncate(output, 10);
    const verified = await run('verify');
    expect(verified.code).toBe(1);
    expect(verified.json()['files']).toMatchObject([{ state: 'damaged' }]);

    expect((await run('prune')).json()).toMatchObject({ removed: [] });
    expect((await run('prune', '--unused-days', '0', '--dry-run')).json()['removed']).toHaveLength(1);
    expect((await run('list')).json()['files']).toHaveLength(1);
    expect((await run('prune', '--unused-days', '0')).code).toBe(0);
    expect((await run('list')).json()['files']).toEqual([]);
  });

  it('takes a request from stdin or a file', async () => {
    await writeFile(join(directory, 'in'), MODEL);
    expect((await run('pull', '--request', '-')).json()).toMatchObject({ source: 'path', digest: `sha256:${HEX}` });
    await writeFile(join(directory, 'request.json'), '{"name":"m","sources":[{"type":"path","path":"/nowhere"}]}');
    const failed = await run('pull', '--request', join(directory, 'request.json'));
    expect(failed.code).toBe(1);
    expect(failed.json()['error']).toMatchObject({ code: 'NotFound', attempts: [{ code: 'NotFound' }] });
  });

  it('has help with examples', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}kaito-weights pull/);
  });

  it.each([
    [],
    ['fly'],
    ['pull'],
    ['pull', '--fly'],
    ['pull', '--name', 'x'],
    ['pull', '--name', 'x', '--source', '{'],
    ['pull', '--name', 'x', '--source', '7'],
    ['pull', '--name', 'x', '--source', '{"type":"ftp"}'],
    ['pull', '--name', 'x', '--source', '{"type":"path"}'],
    ['pull', '--name', 'x', '--source', '{"type":"path","path":"/x","mode":1}'],
    ['pull', '--name', 'x', '--sha256', '12', '--source', '{"type":"path","path":"/x"}'],
    ['pull', '--name', 'x', '--bytes', '1e3', '--source', '{"type":"path","path":"/x"}'],
    ['pull', '--request', '/none.json'],
    ['pull', '--request', '-', '--name', 'x'],
    ['list', '--dry-run'],
    ['list', 'all'],
    ['prune', '--unused-days', '-1'],
    ['verify', '--progress', 'loud'],
  ])('refuses %j', async (...args) => {
    const { code, stderr } = await run(...(args as string[]));
    expect(code).toBe(2);
    expect(stderr).not.toBe('');
  });
});
